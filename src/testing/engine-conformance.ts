/*
 * The conformance suite: what every engine behind the port must do, as tests for node:test.
 *
 * Whoever writes an engine calls this from a test file. A test whose feature the engine refuses
 * (`guarantees`) is skipped by name; what needs a restart is left out when nothing survives one.
 */

import { describe, test } from 'node:test'
import { acceptTests } from './conformance/accept-tests.ts'
import { deliveryTests } from './conformance/delivery-tests.ts'
import { outcomeTests } from './conformance/outcome-tests.ts'
import { type ConformanceTest, type EngineUnderTest, Trial } from './conformance/subject.ts'

export interface ConformanceOptions {
  /** Shown in the titles. */
  readonly name: string
  /** A fresh engine with nothing in it; called once for each test. */
  open(): Promise<EngineUnderTest>
  /** False for an engine whose messages end with it: restarts are not asked of it. Default true. */
  readonly survivesClose?: boolean
}

/**
 * Registers the tests of the suite.
 *
 * @example
 * engineConformance({ name: 'mine', open: async () => ({ engine, dispose: () => engine.close() }) })
 */
export function engineConformance(options: ConformanceOptions): void {
  describe(`engine ${options.name}`, () => {
    for (const one of [...acceptTests, ...deliveryTests, ...outcomeTests]) {
      if (one.needsReopen && options.survivesClose === false) continue
      test(one.title, (context) => tryOne(options, one, (why) => context.skip(why)))
    }
  })
}

async function tryOne(
  options: ConformanceOptions,
  one: ConformanceTest,
  skip: (why: string) => void,
): Promise<void> {
  const subject = await options.open()
  try {
    const { guarantees, kind } = subject.engine
    if (one.needs !== undefined && Object.hasOwn(Object(guarantees[one.needs]), 'refused')) {
      skip(`engine ${kind} refuses ${one.needs}`)
      return
    }
    await one.run(new Trial(subject))
  } finally {
    await subject.dispose()
  }
}
