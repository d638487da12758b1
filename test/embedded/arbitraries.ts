/*
 * Whatever a record may hold, for property tests: names and ids of any letters, empty and large
 * bodies, numbers at both ends of their ranges.
 */

import fc from 'fast-check'
import type { FinalRecord, Onward } from '../../src/embedded/journal/final-record.ts'
import type { Message, MessageMeta } from '../../src/message/message.ts'
import type { StoredOutcome } from '../../src/message/outcome.ts'

const utf8Bytes = (text: string): number => Buffer.byteLength(text)

/** A text of at most that many bytes of UTF-8. */
export const textOf = (bytesMax: number, minLength = 0): fc.Arbitrary<string> =>
  fc
    .string({ unit: 'grapheme', minLength, maxLength: 40 })
    .filter((text) => utf8Bytes(text) <= bytesMax)

const longName = fc.constant('n'.repeat(255))
export const anyName = fc.oneof(textOf(255, 1), longName)
export const anyBody = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.constant(new Uint8Array(3_000).fill(7)),
)
export const anyContentType = fc.oneof(
  fc.constantFrom('application/json', 'text/plain; charset=utf-8', '', 'application/msgpack'),
  textOf(255),
)

/** Wall ms, or none. */
export const anyDeadline = fc.oneof(
  fc.constant(Number.POSITIVE_INFINITY),
  fc.integer({ min: 1, max: 8_640_000_000_000_000 }),
)
export const anyPosition = fc.oneof(
  fc.integer({ min: 1, max: 5_000 }),
  fc.integer({ min: 2 ** 32, max: Number.MAX_SAFE_INTEGER }),
)
export const anyQueueNumber = fc.integer({ min: 1, max: 2 ** 32 - 1 })

const anyMeta: fc.Arbitrary<MessageMeta | undefined> = fc.option(
  fc.record(
    {
      headers: fc.dictionary(
        textOf(30, 1).filter((name) => name !== '__proto__'),
        textOf(60),
        { maxKeys: 3 },
      ),
      key: textOf(40, 1),
      callbacks: fc.array(
        fc.record(
          { name: textOf(40, 1), context: textOf(40) },
          { requiredKeys: ['name'], noNullPrototype: true },
        ),
        { maxLength: 3 },
      ),
      parentId: textOf(40, 1),
      ttlMs: fc.nat(),
    },
    { requiredKeys: [], noNullPrototype: true },
  ),
  { nil: undefined },
)

export const anyMessage: fc.Arbitrary<Message> = fc.record(
  {
    id: anyName,
    idChosen: fc.boolean(),
    exchange: fc.oneof(fc.constant(''), anyName),
    routingKey: anyName,
    contentType: anyContentType,
    body: anyBody,
    priority: fc.integer({ min: 0, max: 255 }),
    deadlineAtMs: anyDeadline,
    availableAtMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 ** 45 })),
    timeoutMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 ** 40 })),
    attemptsMax: fc.integer({ min: 1, max: 10_000 }),
    meta: anyMeta.map((meta) => meta && (JSON.parse(JSON.stringify(meta)) as MessageMeta)),
  },
  { noNullPrototype: true },
)

export const anyOutcome: fc.Arbitrary<StoredOutcome> = fc.record(
  {
    id: anyName,
    queue: anyName,
    code: fc.oneof(fc.constantFrom('ok', 'thrown', 'lost', 'canceled', 'unroutable'), anyName),
    contentType: anyContentType,
    body: anyBody,
    attempts: fc.integer({ min: 0, max: 65_535 }),
    acceptedAtMs: fc.integer({ min: 0, max: 2 ** 45 }),
    finishedAtMs: fc.integer({ min: 0, max: 2 ** 45 }),
  },
  { noNullPrototype: true },
)

export const anyOnward: fc.Arbitrary<Onward> = fc.record(
  {
    callback: anyName,
    context: fc.option(textOf(200), { nil: undefined }),
    queueNumber: anyQueueNumber,
    position: anyPosition,
    delivered: fc.boolean(),
  },
  { noNullPrototype: true },
)

/** A message as a record of acceptance holds it, without the queues. */
export const anyAccepted: fc.Arbitrary<NonNullable<FinalRecord['accepted']>> = fc.record({
  message: anyMessage,
  acceptedAtMs: fc.integer({ min: 0, max: 2 ** 45 }),
  entries: fc.constant([]),
})
