import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Entry, messageKind } from '../embedded/queue/entry.ts'
import type { Message } from '../message/message.ts'
import { MessageSpans } from './message-spans.ts'
import type { FinishedSpan } from './otlp-json.ts'

const message: Message = {
  id: 'order-1',
  idChosen: true,
  exchange: '',
  routingKey: 'orders',
  contentType: '',
  body: Buffer.from('1'),
  priority: 0,
  deadlineAtMs: Number.POSITIVE_INFINITY,
  availableAtMs: 0,
  timeoutMs: 0,
  attemptsMax: 3,
  meta: { headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } },
}

const durable = { whenDurable: (told: (error: undefined) => void) => told(undefined) }

/** An engine whose clock was not set with the machine's: an hour behind it. */
function spansAnHourOff() {
  const made: FinishedSpan[] = []
  const clock = { engineMs: 1_000 }
  const wallMs = () => clock.engineMs + 3_600_000.25
  const spans = new MessageSpans({ engineMs: () => clock.engineMs, wallMs }, (s) => made.push(s))
  const finishes = (entry: Entry) => {
    const { id } = message
    const ended = { code: 'ok', contentType: '', body: new Uint8Array(), attempts: 1 }
    const outcome = { ...ended, id, queue: 'orders', acceptedAtMs: 900, finishedAtMs: 1_000 }
    spans.finishes(entry, { message, outcome }, durable)
    return made.at(-1)
  }
  return { spans, clock, finishes }
}

const entryOf = () => new Entry(1, 0, messageKind, 0, Number.POSITIVE_INFINITY, 1, 0, 10)

test('spans are in the time of the machine, where the time of the engine is another one', () => {
  const { spans, clock, finishes } = spansAnHourOff()
  const entry = entryOf()
  spans.waits(entry, message)
  clock.engineMs += 50
  const span = finishes(entry)
  assert.equal(span?.fromMs, 3_601_000.25)
  assert.equal(span?.toMs, 3_601_050.25)
})

test('a message that an earlier process accepted has the time of its record, as the machine has it now', () => {
  const span = spansAnHourOff().finishes(entryOf())
  assert.equal(span?.fromMs, 3_600_900)
  assert.equal(span?.toMs, 3_601_000.25)
})
