/*
 * How an engine is asked for each feature, to see that it refuses what it says it refuses: with
 * `unsupported`, naming itself and the feature, and at once, before anything is stored.
 *
 * What is not here cannot be refused: every message has a deadline and its attempts, and no call
 * asks for order or durability. An engine has these, or emulates them.
 */

import assert from 'node:assert/strict'
import type { Feature } from '../../engine.ts'
import { HomingError } from '../../errors.ts'
import { withMeta } from './pieces.ts'
import type { Trial } from './trial.ts'

/** Each call must be refused. */
type Ask = (trial: Trial) => readonly (() => Promise<unknown> | unknown)[]

const week = 7 * 86_400_000

const asks: { readonly [F in Feature]?: Ask } = {
  batches: (trial) => [() => trial.engine.publishMany([trial.message('work', 'x')])],
  deduplication: (trial) => [publishing(trial, { id: 'chosen' })],
  priority: (trial) => [publishing(trial, { priority: 1 })],
  delay: (trial) => [publishing(trial, { availableAtMs: trial.engine.nowMs() + week })],
  ledger: (trial) => [() => trial.engine.outcomes({})],
  callbacks: (trial) => [publishing(trial, withMeta({ callbacks: [{ name: 'done' }] }))],
  gather: ({ engine }) => [
    () => engine.gather({ id: 'g', memberIds: [], callback: { name: 'all' } }),
  ],
  cancel: ({ engine }) => [() => engine.cancel('any'), () => engine.purgeQueue('work')],
  progress: ({ engine }) => [() => engine.watchProgress('any', () => undefined)],
  deadLetters: ({ engine }) => [
    () => engine.deadLetters({}),
    () => engine.replayDeadLetters({}),
    () => engine.dropDeadLetters({}),
  ],
  depth: ({ engine }) => [
    () => engine.declareQueue('small', { depthMax: 1 }),
    () => engine.declareQueue('small', { depthBytesMax: 1_000 }),
  ],
  overflow: ({ engine }) => [
    () => engine.declareQueue('small', { depthMax: 1, overflow: 'drop-head' }),
  ],
  limits: ({ engine }) => [
    () => engine.declareQueue('slow', { rate: { count: 1, perMs: 1_000 } }),
    () => engine.declareQueue('slow', { concurrencyMax: 1 }),
    () => engine.declareQueue('slow', { perKey: { concurrencyMax: 1 } }),
    () => engine.declareQueue('slow', { perKey: { rate: { count: 1, perMs: 1_000 } } }),
  ],
  counts: ({ engine }) => [() => engine.queues()],
}

const publishing = (trial: Trial, changes: Parameters<Trial['message']>[2]) => () =>
  trial.engine.publish(trial.message('work', 'x', changes))

/** Asks in every way there is; returns what the engine said. */
export async function refusal(trial: Trial, feature: Feature): Promise<string> {
  const { kind } = trial.engine
  const ask = asks[feature]
  assert.ok(ask, `"${kind}" says that it refuses ${feature}, which every engine has or emulates`)
  await trial.queue('work')
  let said = ''
  for (const call of ask(trial)) {
    const error = await thrownBy(trial, call)
    assert.ok(error instanceof HomingError, `"${kind}" did not refuse ${feature}: ${call}`)
    assert.equal(error.code, 'unsupported', error.message)
    assert.deepEqual(error.data, { engine: kind, feature }, 'the error names engine and feature')
    assert.ok(error.message.includes(kind), `the text names "${kind}": ${error.message}`)
    said = error.message
  }
  return said
}

async function thrownBy(trial: Trial, call: () => unknown): Promise<unknown> {
  try {
    await trial.during(Promise.resolve().then(call))
    return undefined
  } catch (error) {
    return error
  }
}
