/*
 * Random bytes, and good bodies with a few bytes changed, cut or put together anew. What must hold: they
 * are read, or refused as a fault of the wire, quickly, and nothing else happens.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HomingError } from '../../src/errors.ts'
import type { Message } from '../../src/message/message.ts'
import { CallWriter } from '../../src/port-wire/calls.ts'
import { EventWriter } from '../../src/port-wire/events.ts'
import { pieceBytesMax } from '../../src/port-wire/frame.ts'
import { type RandomSource, randomSource } from '../../src/testing/random.ts'
import { bodiesOf, callsIn, eventsIn } from './wire-trial.ts'

const message: Message = {
  ...{ id: 'i', idChosen: true, exchange: 'x', routingKey: 'k', contentType: 'a/b' },
  ...{ body: Buffer.from('body'), priority: 3, deadlineAtMs: 9, availableAtMs: 8, timeoutMs: 7 },
  ...{ attemptsMax: 5, meta: { key: 'k' }, properties: Buffer.from([0, 0]) },
}
const outcome = {
  ...{ id: 'i', queue: 'q', code: 'ok', contentType: '', body: Buffer.from('x') },
  ...{ attempts: 1, acceptedAtMs: 1, finishedAtMs: 2 },
}

const calls = bodiesOf((batch) => {
  const writer = new CallWriter(batch)
  writer.hello(1)
  writer.publish(1, [message], true)
  writer.publish(2, [message, message], false)
  writer.settle(3, 4, 'i', { kind: 'final', code: 'ok', contentType: '', body: Buffer.from('x') })
  writer.settle(3, 4, 'i', { kind: 'retry', delayMs: 1, code: 'lost', body: Buffer.from('x') })
  writer.declareQueue(1, 'q', { depthMax: 1 })
  writer.subscribe(1, 'q', { prefetch: 1 })
  writer.cancel(1, 'i', 'why')
  writer.reportProgress(1, Buffer.from('x'), '')
  writer.asJson('gather', 1, { id: 'g' })
  writer.ofQueue('purgeQueue', 1, 'q')
  writer.ofQueue('pauseQueue', 1, 'q')
  writer.ofQueue('resumeQueue', 1, 'q')
  writer.backup(1, '/backups/monday')
})
const pieces = bodiesOf((batch) =>
  new CallWriter(batch).publish(1, [{ ...message, body: Buffer.alloc(pieceBytesMax) }], true),
)
const events = bodiesOf((batch) => {
  const writer = new EventWriter(batch)
  const accepted = { id: 'i', duplicate: false, confirmedAtMs: 1 }
  writer.hello(1, {})
  writer.failed(1, new HomingError('closed', 'text', { id: 'i' }))
  writer.published(1, accepted)
  writer.publishedMany(1, [accepted, accepted])
  writer.settled(1, 'not-held')
  writer.answered(1, { state: 'final', outcome })
  writer.ids(1, ['a'])
  writer.backedUp(1, {
    ...{ directory: '/b', files: 3, bytes: 4, lsn: 5, startedAtMs: 1, finishedAtMs: 2 },
  })
  writer.outcome(1, outcome)
  writer.deadLetter(1, {
    ...{ message, queue: 'q', reason: 'lost', errorContentType: '', error: Buffer.from('x') },
    ...{ attempts: 1, acceptedAtMs: 1, diedAtMs: 2 },
  })
  const delivery = { message, queue: 'q', attempt: 1, redelivered: false, tag: 1, acceptedAtMs: 1 }
  writer.deliver(1, delivery, message, 'q')
  writer.final(1, outcome, 'i')
  writer.progress(1, Buffer.from('x'), '')
})

/** One of the good ones, damaged, or bytes of no meaning. */
function input(random: RandomSource, good: readonly Uint8Array[]): Uint8Array {
  if (random.below(4) === 0)
    return Uint8Array.from({ length: random.below(60) }, () => random.below(256))
  const body = Uint8Array.from(good[random.below(good.length)] as Uint8Array)
  for (let n = random.below(4); n >= 0; n--)
    body[random.below(Math.min(body.length, 600))] = random.below(256)
  return random.below(3) === 0 ? body.subarray(random.below(20), random.below(body.length)) : body
}

/** Faults of calls that are read before they can be refused. */
const known = new Set(['protocol-fault', 'bad-argument'])

for (const [name, read, good] of [
  ['calls', callsIn, [...calls, ...calls, ...pieces]],
  ['events', eventsIn, events],
] as const) {
  test(`${name} of damaged bytes are read or refused, and nothing else`, () => {
    let refused = 0
    for (let seed = 0; seed < 20_000; seed++) {
      const random = randomSource(seed)
      try {
        read([input(random, good), input(random, good)])
      } catch (error) {
        const isKnown = error instanceof HomingError && known.has(error.code)
        assert.ok(isKnown, `seed ${seed}: ${(error as Error).stack}`)
        refused++
      }
    }
    assert.ok(refused > 10_000, `${refused} of 20000 were refused`)
  })
}

test('every cut of a good body is refused, unless it falls between two frames', () => {
  const [body] = calls as [Uint8Array]
  const whole = callsIn([body]).length
  const read = new Set<number>()
  for (let end = 0; end < body.length; end++) {
    try {
      read.add(callsIn([body.subarray(0, end)]).length)
    } catch (error) {
      assert.equal((error as HomingError).code, 'protocol-fault', `cut at ${end}`)
    }
  }
  assert.deepEqual(
    [...read],
    Array.from({ length: whole }, (_, n) => n),
  )
})
