import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EmbeddedOptions } from '../../src/embedded/engine-options.ts'
import { openEmbedded } from '../../src/embedded/open.ts'
import type { Engine } from '../../src/engine.ts'
import { HomingError } from '../../src/errors.ts'
import { limits } from '../../src/limits.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import type { Message } from '../../src/message/message.ts'
import type { Settlement } from '../../src/message/settlement.ts'
import { answerOf } from '../../src/testing/conformance/pieces.ts'
import { Trial } from '../../src/testing/conformance/trial.ts'
import { newDirectory } from './machine.ts'

async function inTrial(run: (trial: Trial) => Promise<void>): Promise<void> {
  using directory = newDirectory()
  const open = () => openEmbedded(directory.path, { onProblem: (text) => assert.fail(text) })
  let engine = await open()
  const trial = new Trial({
    engine,
    reopen: async () => {
      await engine.close()
      engine = await open()
      return engine
    },
    dispose: () => engine.close(),
  })
  try {
    await run(trial)
  } finally {
    await engine.close()
  }
}

/** The call is refused with that code and a text that says what to do. */
async function refused(call: () => unknown, code: string, text: RegExp): Promise<void> {
  try {
    await call()
  } catch (error) {
    assert.ok(error instanceof HomingError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, text)
    return
  }
  assert.fail(`it was not refused with ${code}`)
}

const long = 'ä'.repeat(128)

/** What is wrong with a message, the code it is refused with, and what its error says. */
const wrongMessages: readonly [string, Partial<Message>, string, RegExp][] = [
  [
    'a body over the limit',
    { body: new Uint8Array(limits.bodyBytesMax + 1) },
    'message-too-large',
    /has 16777217 bytes, 16777216 are allowed; store it elsewhere/,
  ],
  ['a body that is no bytes', { body: 'text' as never }, 'bad-argument', /is not a Uint8Array/],
  ['an empty queue name', { routingKey: '' }, 'bad-name', /is empty; give a text of 1 to 255/],
  ['a long queue name', { routingKey: long }, 'bad-name', /256 bytes, 255 are allowed; shorten/],
  ['a line break in a name', { routingKey: 'a\nb' }, 'bad-name', /control character at position 1/],
  ['half a surrogate pair', { routingKey: 'a\ud800' }, 'bad-name', /half of a surrogate pair/],
  ['a name that is no text', { routingKey: 7 as never }, 'bad-name', /is number; give a text/],
  ['an empty id', { id: '', idChosen: true }, 'bad-argument', /message id is empty/],
  ['a long id', { id: long, idChosen: true }, 'bad-argument', /message id .* 255 are allowed/],
  ['a long content type', { contentType: long }, 'bad-argument', /content type .*255.*shorten/],
  ['no content type', { contentType: undefined as never }, 'bad-argument', /content type/],
  ['a negative priority', { priority: -1 }, 'bad-argument', /priority is -1; give a whole number/],
  ['a high priority', { priority: 256 }, 'bad-argument', /from 0 to 255/],
  ['a broken priority', { priority: 1.5 }, 'bad-argument', /priority is 1\.5/],
  ['no attempts', { attemptsMax: 0 }, 'bad-argument', /attemptsMax is 0; .* from 1 to 10000/],
  ['too many attempts', { attemptsMax: 10_001 }, 'bad-argument', /attemptsMax is 10001/],
  ['a negative time-out', { timeoutMs: -1 }, 'bad-argument', /timeoutMs is -1/],
  ['an endless time-out', { timeoutMs: Number.POSITIVE_INFINITY }, 'bad-argument', /timeoutMs/],
  ['a time-out that is no number', { timeoutMs: Number.NaN }, 'bad-argument', /timeoutMs is NaN/],
  ['a delay to the end of time', { availableAtMs: 1e300 }, 'bad-argument', /availableAtMs/],
  ['a deadline that is no number', { deadlineAtMs: Number.NaN }, 'bad-argument', /deadlineAtMs/],
  ['an exchange that is not there', { exchange: 'no' }, 'exchange-unknown', /no exchange "no"/],
  [
    'headers over the limit',
    { meta: { headers: { x: 'y'.repeat(70_000) } } },
    'message-too-large',
    /have 7\d{4} bytes, 65536 are allowed/,
  ],
  [
    'a callback without a name',
    { meta: { callbacks: [{ name: '' }] } },
    'bad-name',
    /callback name is empty/,
  ],
  [
    'a callback of a long name',
    { meta: { callbacks: [{ name: 'c'.repeat(250) }] } },
    'bad-name',
    /callback.*255 are allowed/,
  ],
]

test('a message that cannot be kept is refused with what is wrong, and nothing of it is kept', () =>
  inTrial(async (trial) => {
    for (const [what, wrong, code, text] of wrongMessages) {
      const message = { ...trial.message('work', 'x'), ...wrong }
      await refused(() => trial.engine.publish(message), code, text)
      await refused(() => trial.engine.publishMany([message]), code, text)
      assert.equal((await trial.engine.queues()).length, 0, `${what} made a queue`)
    }
    await trial.send('work', 'good')
    await trial.reopen()
    const [delivery] = await trial.received(trial.consume('work'), 1)
    assert.equal(Buffer.from(delivery?.message.body ?? []).toString(), 'good')
  }))

test('a batch with one bad message is refused as a whole', () =>
  inTrial(async (trial) => {
    const good = trial.message('work', 'good', { id: 'good' })
    const bad = { ...trial.message('work', 'bad'), priority: 999 }
    await refused(() => trial.engine.publishMany([good, bad]), 'bad-argument', /priority is 999/)
    assert.equal(await trial.state('good'), 'unknown')
    assert.deepEqual(await trial.engine.queues(), [])
  }))

test('the largest message, id, name and headers that are allowed come back as they were', () =>
  inTrial(async (trial) => {
    const body = Buffer.alloc(limits.bodyBytesMax, 'z')
    const name = 'q'.repeat(255)
    const id = '🐦'.repeat(63)
    const meta = { headers: { x: 'y'.repeat(65_000) } }
    await trial.engine.publish({ ...trial.message(name, '', { id }), body, meta })
    await trial.reopen()
    const [delivery] = await trial.received(trial.consume(name), 1)
    assert.ok(body.equals(delivery?.message.body ?? new Uint8Array()))
    assert.equal(delivery?.message.id, id)
    assert.deepEqual(delivery?.message.meta, meta)
  }))

const wrongSettlements: readonly [Settlement, string, RegExp][] = [
  [
    {
      ...(answerOf('') as { kind: 'final' }),
      body: new Uint8Array(limits.bodyBytesMax + 1),
    } as never,
    'message-too-large',
    /the result of message .* 16777216 are allowed/,
  ],
  [answerOf('x', ''), 'bad-name', /outcome code is empty/],
  [answerOf('x', long), 'bad-name', /outcome code .*255 are allowed/],
  [{ kind: 'retry', delayMs: -1, code: 'thrown', body: new Uint8Array() }, 'bad-duration', /-1 ms/],
  [
    { kind: 'retry', delayMs: Number.NaN, code: 'thrown', body: new Uint8Array() },
    'bad-duration',
    /NaN ms; give 0 to/,
  ],
  [
    { kind: 'retry', delayMs: 1e15, code: 'lost', body: new Uint8Array() },
    'bad-duration',
    /give 0/,
  ],
  [{ kind: 'explode' } as never, 'bad-argument', /settlement kind explode is not known/],
]

test('an answer that cannot be kept is refused, and the delivery is still held', () =>
  inTrial(async (trial) => {
    const message = await trial.send('work', 'x')
    const inbox = trial.consume('work')
    const [delivery] = (await trial.received(inbox, 1)) as [Delivery]
    for (const [settlement, code, text] of wrongSettlements) {
      await refused(() => trial.engine.settle(delivery, settlement), code, text)
      assert.equal(await trial.state(message.id), 'pending')
    }
    assert.deepEqual(await trial.answer(delivery), { accepted: true })
    assert.equal(await trial.state(message.id), 'final')
  }))

test('a delivery of another engine is refused', () =>
  inTrial(async (trial) => {
    const made = { message: trial.message('work', 'x'), queue: 'work' } as Delivery
    const call = () => trial.engine.settle(made, answerOf('x'))
    await refused(call, 'bad-argument', /was not made by this engine/)
  }))

test('queues are named and set as they can be kept', () =>
  inTrial(async (trial) => {
    const { engine } = trial
    await refused(() => engine.declareQueue('', {}), 'bad-name', /queue name is empty/)
    await refused(() => engine.declareQueue(long, {}), 'bad-name', /255 are allowed/)
    await refused(() => engine.purgeQueue('none'), 'queue-unknown', /no queue "none"/)
    const handler = { deliver: () => undefined, revoke: () => undefined }
    await refused(() => engine.subscribe('', { prefetch: 1 }, handler), 'bad-name', /is empty/)
  }))

const calls: readonly [string, (engine: Engine, trial: Trial) => unknown][] = [
  ['publish', (engine, trial) => engine.publish(trial.message('work', 'x'))],
  [
    'publish of a chosen id',
    (engine, trial) => engine.publish(trial.message('w', 'x', { id: 'a' })),
  ],
  ['publishMany', (engine, trial) => engine.publishMany([trial.message('work', 'x')])],
  ['declareQueue', (engine) => engine.declareQueue('work', {})],
  [
    'subscribe',
    (engine) => engine.subscribe('work', { prefetch: 1 }, { deliver: () => {}, revoke: () => {} }),
  ],
  ['cancel', (engine) => engine.cancel('a')],
  ['answer', (engine) => engine.answer('a')],
  ['outcomes', (engine) => engine.outcomes({})],
  ['deadLetters', (engine) => engine.deadLetters({})],
  ['replayDeadLetters', (engine) => engine.replayDeadLetters({})],
  ['purgeQueue', (engine) => engine.purgeQueue('work')],
  ['gather', (engine) => engine.gather({ id: 'g', memberIds: [], callback: { name: 'x' } })],
]

test('every call after the close is refused as closed', () =>
  inTrial(async (trial) => {
    await trial.engine.close()
    for (const [name, call] of calls) {
      await refused(() => call(trial.engine, trial), 'closed', /closed/).catch((error) =>
        assert.fail(`${name}: ${error.message}`),
      )
    }
    await trial.engine.close()
  }))

test('a settle after the close is told that it is too late', () =>
  inTrial(async (trial) => {
    await trial.send('work', 'x')
    const [delivery] = (await trial.received(trial.consume('work'), 1)) as [Delivery]
    await trial.engine.close()
    assert.deepEqual(await trial.engine.settle(delivery, answerOf('late')), {
      accepted: false,
      by: 'closed',
    })
  }))

const wrongOptions: readonly [unknown, string, RegExp][] = [
  [{ sinc: 'always' }, 'unknown-option', /no option "sinc"; did you mean "sync"/],
  [{ completely: 1, different: 2 }, 'unknown-option', /known are: .*checkpointBytes/],
  ['always', 'bad-argument', /the options of homing\(\) are string; give an object/],
  [null, 'bad-argument', /are null; give an object/],
  [{ sync: 'sometimes' }, 'bad-argument', /sync is "sometimes"; give 'always', 'never' or/],
  [{ sync: { every: '-5ms' } }, 'bad-duration', /sync\.every is '-5ms'/],
  [{ sync: { every: -5 } }, 'bad-duration', /sync\.every is -5/],
  [{ sync: { evry: '5ms' } }, 'unknown-option', /no option "evry"; did you mean "every"/],
  [{ sync: { every: '5ms', offset: 1 } }, 'unknown-option', /no option "offset"/],
  [{ retain: { for: '11000d' } }, 'bad-duration', /retain\.for is '11000d'.*ten years/],
  [{ retain: { for: 'a while' } }, 'bad-duration', /retain\.for is 'a while'/],
  [{ retain: { for: Number.NaN } }, 'bad-duration', /retain\.for is NaN/],
  [{ retain: { fore: '7d' } }, 'unknown-option', /no option "fore"; did you mean "for"/],
  [{ retain: '7d' }, 'bad-argument', /retain.* are string; give an object/],
  [{ retain: { count: -1 } }, 'bad-argument', /retain\.count is -1; give a whole number/],
  [{ segmentBytes: 10 }, 'bad-argument', /segmentBytes is 10; give a whole number from 4096/],
  [{ segmentBytes: 2 ** 40 }, 'bad-argument', /segmentBytes is 1099511627776/],
  [{ tailBytes: 1.5 }, 'bad-argument', /tailBytes is 1\.5/],
  [{ reserveBytes: Number.NaN }, 'bad-argument', /reserveBytes is NaN/],
  [{ onProblem: 'log' }, 'bad-argument', /onProblem is string; give a function/],
  [{ onFailed: 1 }, 'bad-argument', /onFailed is number; give a function/],
]

test('options that are unknown, of the wrong kind or absurd are refused before anything is made', async () => {
  using directory = newDirectory()
  const path = `${directory.path}/data`
  for (const [options, code, text] of wrongOptions) {
    await refused(() => openEmbedded(path, options as EmbeddedOptions), code, text)
  }
  const { existsSync } = await import('node:fs')
  assert.equal(existsSync(path), false)
})

test('an empty or missing path is refused: it would be the directory one happens to be in', async () => {
  for (const where of ['', undefined, 7]) {
    await refused(
      () => openEmbedded(where as string),
      'bad-argument',
      /give the path of a directory/,
    )
  }
})
