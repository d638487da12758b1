/*
 * The conformance suite: what every engine behind the port must do, as tests for node:test. Promises
 * of the port itself, and of the five verbs over it.
 *
 * Whoever writes an engine calls this from a test file. In place of the tests of a feature that the
 * engine refuses (`guarantees`), it must refuse it by name. What cannot be asked of an engine is left
 * out with the reason given in `without`; the last test lists it, and reports what the run has shown.
 */

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { Engine, Feature } from '../engine.ts'
import { conformanceTests } from './conformance/all-tests.ts'
import type { ConformanceTest } from './conformance/conformance-test.ts'
import { openingTests } from './conformance/opening-tests.ts'
import { refusal } from './conformance/refusals.ts'
import { type ConformanceReport, RunRecord } from './conformance/report.ts'
import type { EngineUnderTest, Openings, Without } from './conformance/subject.ts'
import { type Pace, Trial, usualPace } from './conformance/trial.ts'

export interface ConformanceOptions extends Openings {
  /** Shown in the titles. */
  readonly name: string
  /** A fresh engine with nothing in it; called once for each test. */
  open(): Promise<EngineUnderTest>
  /** Why what is missing in an engine under test, or in these options, cannot be asked. */
  readonly without?: Without
  /** Longest wait for something to happen. Default 20 s. */
  readonly patienceMs?: number
  /** How long nothing must happen to be taken for nothing. Default 20 ms; more on a slow carrier. */
  readonly quietMs?: number
  /** Times of the tests (deadlines, time-outs, delays) are so many times as long. Default 1. */
  readonly slowness?: number
  /** Bytes of the longest id, where the carrier needs some of them for itself. */
  readonly idBytesMax?: number
  /** Told what the run has shown, when all tests have passed. What it throws fails the last test. */
  report?(report: ConformanceReport): void | Promise<void>
}

/**
 * Registers the tests of the suite.
 *
 * @example
 * engineConformance({
 *   name: 'mine',
 *   open: async () => ({ engine, dispose: () => engine.close() }),
 *   without: { ...withoutConnection, reopen: 'nothing survives the process' },
 * })
 */
export function engineConformance(options: ConformanceOptions): void {
  const record = new RunRecord()
  const without = options.without ?? {}
  describe(`engine ${options.name}`, () => {
    let count = 0
    for (const one of conformanceTests) {
      count++
      const why = one.needs?.map((ability) => without[ability]).find((reason) => reason)
      if (why !== undefined) record.left(one.title, one.shows, why)
      else test(one.title, (context) => tryOne(options, record, one, context))
    }
    for (const one of openingTests) {
      count++
      const why = without[one.opening]
      if (why !== undefined) record.left(one.title, undefined, why)
      else {
        test(one.title, async () => {
          await one.run(options, paceOf(options))
          record.passed(one.title, undefined)
        })
      }
    }
    test('what was shown, what was refused and what was left out', async (context) => {
      for (const { title, why } of record.leftOut) context.diagnostic(`left out: ${title}: ${why}`)
      if (record.turns < count) context.diagnostic('no report: not every test has passed')
      else await options.report?.(record.report(options.name))
    })
  })
}

async function tryOne(
  options: ConformanceOptions,
  record: RunRecord,
  one: ConformanceTest,
  context: TestContext,
): Promise<void> {
  const subject = await options.open()
  const trial = new Trial(subject, paceOf(options))
  try {
    record.opened(subject.engine)
    checkAbilities(options.name, subject, one)
    const refused = (feature: Feature): boolean => isRefused(subject.engine, feature)
    const missing = one.uses?.find(refused)
    if (one.shows !== undefined && refused(one.shows)) {
      record.refused(one.shows, await refusal(trial, one.shows))
    } else if (missing !== undefined) {
      context.diagnostic(`left out: engine ${subject.engine.kind} refuses ${missing}`)
      record.left(one.title, one.shows, `it refuses ${missing}`)
    } else {
      await one.run(trial)
      record.passed(one.title, one.shows)
    }
    await trial.close()
  } catch (error) {
    trial.abandon()
    throw error
  } finally {
    await subject.dispose()
  }
}

function checkAbilities(name: string, subject: EngineUnderTest, one: ConformanceTest): void {
  for (const ability of one.needs ?? []) {
    assert.ok(
      subject[ability],
      `the engine under test of "${name}" has no ${ability}(); write it, or say in \`without\` why it cannot be asked`,
    )
  }
}

const isRefused = (engine: Engine, feature: Feature): boolean => {
  const guarantee = engine.guarantees[feature]
  return typeof guarantee === 'object' && 'refused' in guarantee
}

const paceOf = (options: ConformanceOptions): Pace => ({
  patienceMs: options.patienceMs ?? usualPace.patienceMs,
  quietMs: options.quietMs ?? usualPace.quietMs,
  slowness: options.slowness ?? usualPace.slowness,
  ...(options.idBytesMax !== undefined && { idBytesMax: options.idBytesMax }),
})
