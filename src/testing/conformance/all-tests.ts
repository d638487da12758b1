import { acceptTests } from './accept-tests.ts'
import type { ConformanceTest } from './conformance-test.ts'
import { deliveryTests } from './delivery-tests.ts'
import { outcomeTests } from './outcome-tests.ts'

/** The whole suite, in the order in which it runs. */
export const conformanceTests: readonly ConformanceTest[] = [
  ...acceptTests,
  ...deliveryTests,
  ...outcomeTests,
]
