import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HomingError } from '../../src/errors.ts'
import { limits } from '../../src/limits.ts'
import type { Message } from '../../src/message/message.ts'
import type { Settlement } from '../../src/message/settlement.ts'
import { CallWriter } from '../../src/port-wire/calls.ts'
import { EventWriter } from '../../src/port-wire/events.ts'
import { bodyBytesUsual, frameBytesMax, portVersion } from '../../src/port-wire/frame.ts'
import { bodiesOf, callsIn, eventsIn, type Told } from './wire-trial.ts'

/** With the prototype that objects have. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true })

const text = fc.string({ unit: 'grapheme', maxLength: 300 })
const bytes = fc.uint8Array({ maxLength: 300 }).map((value) => Buffer.from(value))
const number = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const wallMs = fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.double({ noNaN: true, min: 1 }))

const message: fc.Arbitrary<Message> = record({
  id: text,
  idChosen: fc.boolean(),
  exchange: text,
  routingKey: text,
  contentType: fc.constantFrom('', 'application/json', 'image/png'),
  body: bytes,
  priority: fc.integer({ min: 0, max: 300 }),
  deadlineAtMs: wallMs,
  availableAtMs: fc.nat(),
  timeoutMs: fc.nat(),
  attemptsMax: fc.oneof(fc.nat(100_000), fc.constant(Number.POSITIVE_INFINITY)),
  meta: fc.option(
    record({ headers: fc.dictionary(fc.string(), text, { noNullPrototype: true }), key: text }),
    {
      nil: undefined,
    },
  ),
})

const settlement: fc.Arbitrary<Settlement> = fc.oneof(
  record({
    kind: fc.constant('final' as const),
    code: text,
    contentType: fc.constant(''),
    body: bytes,
  }),
  record({
    kind: fc.constant('retry' as const),
    delayMs: fc.double({ noNaN: true }),
    code: fc.constantFrom('thrown' as const, 'lost' as const),
    body: bytes,
  }),
  fc.constant({ kind: 'return' as const }),
  fc.constant({ kind: 'acknowledge' as const }),
)

const outcome = record({
  id: text,
  queue: text,
  code: text,
  contentType: fc.constantFrom('', 'application/json', 'a/b'),
  body: bytes,
  attempts: fc.nat(),
  acceptedAtMs: fc.double({ noNaN: true }),
  finishedAtMs: fc.double({ noNaN: true }),
})

const accepted = { id: 'x', duplicate: true, confirmedAtMs: 7.5 }

const report = { files: 3, bytes: 2 ** 40, lsn: 2 ** 41, startedAtMs: 5.5, finishedAtMs: 6 }

test('every call comes out as it went in, many in one body', () => {
  const property = fc.property(
    ...[number, text, settlement, fc.array(message, { maxLength: 4 }), fc.boolean()],
    (call, id, how, messages, again) => {
      const bodies = bodiesOf((batch) => {
        const calls = new CallWriter(batch)
        calls.hello(portVersion)
        calls.publish(call, messages, again)
        calls.settle(call, 2 ** 40, 'm', how)
        calls.declareQueue(call, id, { depthMax: Number.POSITIVE_INFINITY, durable: false })
        calls.subscribe(call, id, { prefetch: 5, consumerName: id })
        calls.unsubscribe(call, 9)
        calls.begun(3)
        calls.watchOutcome(call, id)
        calls.cancel(call, id, again ? id : undefined)
        calls.reportProgress(1, Buffer.from(id), 'a/b')
        calls.asJson('outcomes', call, { queue: id, limit: 3 })
        calls.ofQueue('purgeQueue', call, id)
        calls.ofQueue('pauseQueue', call, id)
        calls.ofQueue('resumeQueue', call, id)
        calls.backup(call, id)
        calls.goingOn()
      })
      assert.deepEqual(callsIn(bodies), [
        ['hello', portVersion],
        ['publish', call, messages, again],
        ['settle', call, 2 ** 40, how],
        ['declareQueue', call, id, { depthMax: Number.POSITIVE_INFINITY, durable: false }],
        ['subscribe', call, id, { prefetch: 5, consumerName: id }],
        ['unsubscribe', call, 9],
        ['begun', 3],
        ['watchOutcome', call, id],
        ['cancel', call, id, again ? id : undefined],
        ['reportProgress', 1, 'a/b', Buffer.from(id)],
        ['outcomes', call, { queue: id, limit: 3 }],
        ['purgeQueue', call, id],
        ['pauseQueue', call, id],
        ['resumeQueue', call, id],
        ['backup', call, id],
        ['goingOn'],
      ])
    },
  )
  fc.assert(property, { numRuns: 100 })
})

test('every event comes out as it went in', () => {
  const property = fc.property(number, text, message, outcome, (call, what, one, end) => {
    const bodies = bodiesOf((batch) => {
      const events = new EventWriter(batch)
      events.hello(portVersion, { kind: what })
      events.failed(call, new HomingError('closed', what, { id: what, data: { n: 1 } }))
      events.published(call, accepted)
      events.publishedMany(call, [accepted, { ...accepted, duplicate: false }])
      events.settled(call, 'not-held')
      events.settled(call, { accepted: false, by: 'canceled' })
      events.settled(call, { accepted: true })
      events.answered(call, { state: 'final', outcome: end })
      events.answered(call, { state: 'forgotten' })
      events.outcome(call, end)
      events.final(call, end, end.id)
      events.revoke(2 ** 40, 'timeout')
      events.deliver(
        call,
        { message: one, queue: 'q', attempt: 3, redelivered: true, tag: 2 ** 40, acceptedAtMs: 5 },
        { ...one, exchange: '', routingKey: 'q' },
        'q',
      )
      events.held(call, what)
      events.goOn()
      events.backedUp(call, { directory: what, ...report })
    })
    const delivered = { ...one, exchange: '', routingKey: 'q' }
    assert.deepEqual(eventsIn(bodies), [
      ['hello', portVersion, { kind: what }],
      ['failed', call, { code: 'closed', message: what, id: what, data: { n: 1 } }],
      ['published', call, true, 7.5],
      ['publishedMany', call, 7.5, [true, false]],
      ['settled', call, 'not-held'],
      ['settled', call, { accepted: false, by: 'canceled' }],
      ['settled', call, { accepted: true }],
      ['answered', call, { state: 'final', outcome: end }],
      ['answered', call, { state: 'forgotten' }],
      ['outcome', call, end],
      ['final', call, { ...end, id: 'id' }],
      ['revoke', 2 ** 40, 'timeout'],
      [
        ...['deliver', call],
        { tag: 2 ** 40, attempt: 3, redelivered: true, acceptedAtMs: 5, message: delivered },
      ],
      ['held', call, what],
      ['goOn'],
      ['backedUp', call, { directory: what, ...report }],
    ])
  })
  fc.assert(property, { numRuns: 100 })
})

const withBody = (body: Uint8Array): Message => ({
  ...{ id: 'i', idChosen: true, exchange: '', routingKey: 'q', contentType: '', body },
  ...{ priority: 0, deadlineAtMs: Number.POSITIVE_INFINITY, availableAtMs: 0, timeoutMs: 0 },
  ...{ attemptsMax: 5, meta: undefined },
})

test('a message of the greatest length goes in pieces, and no body is much longer than the usual', () => {
  const body = Buffer.alloc(limits.bodyBytesMax, 'homing')
  const bodies = bodiesOf((batch) => {
    const calls = new CallWriter(batch)
    calls.begun(1)
    calls.publish(7, [withBody(body)], false)
    calls.begun(2)
  })
  assert.ok(bodies.length > 20)
  for (const one of bodies) assert.ok(one.length < 2 * bodyBytesUsual, `${one.length} bytes`)
  const [first, publish, last] = callsIn(bodies)
  assert.deepEqual(first, ['begun', 1])
  assert.deepEqual(last, ['begun', 2])
  const [sent] = (publish as Told)[2] as readonly Message[]
  assert.ok(sent !== undefined && body.equals(sent.body))
})

test('a call over the limit is refused, and those before and after it are sent', () => {
  const body = Buffer.alloc(limits.bodyBytesMax)
  const count = Math.ceil(frameBytesMax / body.length) + 1
  const bodies = bodiesOf((batch) => {
    const calls = new CallWriter(batch)
    calls.begun(1)
    const many = Array.from({ length: count }, () => withBody(body))
    assert.throws(() => calls.publish(7, many, false), { code: 'message-too-large' })
    const longer = withBody(Buffer.alloc(limits.bodyBytesMax + 1))
    assert.throws(() => calls.publish(8, [longer], false), { code: 'message-too-large' })
    calls.begun(2)
  })
  assert.deepEqual(callsIn(bodies), [
    ['begun', 1],
    ['begun', 2],
  ])
})

test('a value of the wrong type is refused where it is given, and nothing of its call is sent', () => {
  const bodies = bodiesOf((batch) => {
    const calls = new CallWriter(batch)
    const wrong = { code: 'bad-argument' }
    const one = withBody(Buffer.alloc(0))
    const as = (changes: object): Message => ({ ...one, ...changes })
    for (const changes of [{ id: 1 }, { routingKey: null }, { contentType: 3 }, { body: 'text' }])
      assert.throws(() => calls.publish(1, [as(changes)], false), wrong)
    assert.throws(() => calls.publish(1, [as({ contentType: 'x'.repeat(300) })], false), wrong)
    assert.throws(() => calls.publish(1, [as({ meta: { key: 1n } })], false), wrong)
    assert.throws(() => calls.settle(1, 1, 'i', { kind: 'other' } as never), wrong)
    assert.throws(() => calls.watchOutcome(1, undefined as never), wrong)
    calls.begun(4)
  })
  assert.deepEqual(callsIn(bodies), [['begun', 4]])
})

test('a small body keeps nothing of the frame it came in alive; a large one is not copied', () => {
  const small = bodiesOf((batch) => {
    const calls = new CallWriter(batch)
    for (let n = 0; n < 100; n++) calls.publish(n, [withBody(Buffer.alloc(1000))], false)
  })
  for (const [, , messages] of callsIn(small)) {
    const [one] = messages as readonly Message[]
    assert.ok(small.every((body) => body.buffer !== one?.body.buffer))
  }
  const large = bodiesOf((batch) =>
    new CallWriter(batch).publish(1, [withBody(Buffer.alloc(100_000))], false),
  )
  const [only] = callsIn(large)
  assert.equal(((only as Told)[2] as readonly Message[])[0]?.body.buffer, large[0]?.buffer)
})

test('a frame between two pieces, and a frame longer than what it holds, are refused', () => {
  const fault = { code: 'protocol-fault' }
  const stop = bodiesOf((batch) => new CallWriter(batch).stop(1))[0] as Uint8Array
  const piece = Uint8Array.of(2, 1, 0, 0, 0, 19)
  const rest = Uint8Array.of(3, 8, 0, 0, 0, ...stop.subarray(1))
  assert.deepEqual(callsIn([piece, rest]), [['stop', 1]])
  assert.throws(() => callsIn([piece, stop, rest]), fault)
  const longer = Uint8Array.of(19, 5, 0, 0, 0, 1, 0, 0, 0, 7)
  assert.throws(() => callsIn([longer]), fault)
})

test('a call of more values than any needs is refused where it is made and where it is read', () => {
  const ids = (count: number): object => ({ ids: Array.from({ length: count }, () => '[{,:\\"') })
  const bodies = bodiesOf((batch) => {
    const calls = new CallWriter(batch)
    calls.asJson('deadLetters', 1, ids(200_000))
    const many = { code: 'message-too-large', message: /over 250000 values/ }
    assert.throws(() => calls.asJson('deadLetters', 2, ids(300_000)), many)
    assert.throws(() => calls.publish(3, Array(250_001).fill(withBody(Buffer.alloc(0))), false), {
      code: 'message-too-large',
      message: /250001 messages, 250000 are allowed/,
    })
    calls.begun(4)
  })
  const [asked, ...others] = callsIn(bodies)
  assert.equal(((asked as Told)[2] as { readonly ids: readonly string[] }).ids.length, 200_000)
  assert.deepEqual(others, [['begun', 4]])
})

test('a list of ids that a server gives may be as long as it is', () => {
  const ids = Array.from({ length: 300_000 }, (_, n) => `${n}`)
  const bodies = bodiesOf((batch) => new EventWriter(batch).ids(1, ids))
  const [told] = eventsIn(bodies)
  assert.equal(((told as Told)[2] as readonly string[]).length, ids.length)
})
