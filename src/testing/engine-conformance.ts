/*
 * The conformance suite: what every engine behind the port must do, as tests for node:test.
 *
 * Whoever writes an engine calls this from a test file. A test whose feature the engine refuses
 * (`guarantees`) is skipped by name; so is what needs a restart when nothing survives one.
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
    if (one.needs !== undefined && guarantees[one.needs] === 'refused') {
      skip(`engine ${kind} refuses ${one.needs}`)
      return
    }
    if (one.needsReopen && subject.reopen === undefined) {
      skip(`nothing of engine ${kind} survives a close`)
      return
    }
    await one.run(new Trial(subject))
  } finally {
    await subject.dispose()
  }
}
