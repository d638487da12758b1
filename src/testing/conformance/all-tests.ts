import { acceptTests } from './accept-tests.ts'
import type { ConformanceTest } from './conformance-test.ts'
import { connectionTests } from './connection-tests.ts'
import { deliveryTests } from './delivery-tests.ts'
import { elsewhereTests } from './elsewhere-tests.ts'
import { outcomeTests } from './outcome-tests.ts'
import { restartTests } from './restart-tests.ts'
import { verbCallbackTests } from './verb-callback-tests.ts'
import { verbOutcomeTests } from './verb-outcome-tests.ts'
import { verbWorkTests } from './verb-work-tests.ts'

/** The whole suite, in the order in which it runs. */
export const conformanceTests: readonly ConformanceTest[] = [
  ...acceptTests,
  ...deliveryTests,
  ...outcomeTests,
  ...verbOutcomeTests,
  ...verbWorkTests,
  ...verbCallbackTests,
  ...elsewhereTests,
  ...connectionTests,
  ...restartTests,
]
