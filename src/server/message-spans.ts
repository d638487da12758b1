/*
 * What the broker did with a message, as spans of the trace that the message carries.
 *
 *   sender's span ─┬─ queue orders     from accepted, or given back, to delivered     one for each attempt
 *                  ├─ deliver orders   from delivered to settled or taken away        one for each attempt
 *                  └─ outcome orders   from accepted to the outcome, when that is durable
 *
 * Rule: only messages with a `traceparent` whose sender samples it have spans; of the others nothing is kept.
 */

import { randomBytes } from 'node:crypto'
import type { HeldDelivery } from '../embedded/live-queue.ts'
import type { Durability, MessageObserver } from '../embedded/message-observer.ts'
import type { Message } from '../message/message.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import { parsedTraceParent, traceHeaders } from '../message/trace-context.ts'
import { baseName, scopeEnd } from '../scoped-name.ts'
import {
  type BrokerSpanOperation,
  brokerSpanOperations,
  messagingSystem,
  spanAttributes,
} from '../span-attributes.ts'
import type { FinishedSpan, SpanAttribute } from './otlp-json.ts'

/** A sampled `traceparent`, as a parent. */
interface Parent {
  readonly traceId: string
  readonly spanId: string
  readonly traceState: string | undefined
}

type Entry = HeldDelivery['entry']

interface Held extends Parent {
  readonly deliveredAtMs: number
}

interface Told {
  readonly queue: string
  readonly id: string
  readonly fromMs: number
  readonly toMs: number
  readonly attributes: readonly SpanAttribute[]
  readonly errorCode?: string | undefined
}

export class MessageSpans implements MessageObserver {
  readonly #nowMs: () => number
  readonly #made: (span: FinishedSpan) => void
  /** Of messages that carry a trace alone, since when they wait; who forgets the entry forgets this. */
  readonly #waitsSinceMs = new WeakMap<Entry, number>()
  readonly #held = new WeakMap<HeldDelivery, Held>()

  constructor(nowMs: () => number, made: (span: FinishedSpan) => void) {
    this.#nowMs = nowMs
    this.#made = made
  }

  waits(entry: Entry, message: Message): void {
    if (parentOf(message) !== undefined) this.#waitsSinceMs.set(entry, this.#nowMs())
  }

  delivered(delivery: HeldDelivery): void {
    const { message, entry, queue, attempt } = delivery
    const parent = parentOf(message)
    if (parent === undefined) return
    const nowMs = this.#nowMs()
    this.#held.set(delivery, { ...parent, deliveredAtMs: nowMs })
    const acceptedAtMs = entry.acceptedAtMs === 0 ? nowMs : entry.acceptedAtMs
    const waitsSinceMs = this.#waitsSinceMs.get(entry) ?? acceptedAtMs
    this.#tell(parent, 'queue', {
      queue,
      id: message.id,
      // While it was delayed it did not wait for a consumer.
      fromMs: Math.min(nowMs, Math.max(waitsSinceMs, message.availableAtMs, entry.availableAtMs)),
      toMs: nowMs,
      attributes: [[spanAttributes.attempt, attempt]],
    })
  }

  released(delivery: HeldDelivery): void {
    const held = this.#held.get(delivery)
    if (held === undefined) return
    this.#held.delete(delivery)
    const { message, queue, attempt, over = 'settled', told } = delivery
    const isFailed = told?.failure !== undefined
    const settlement = over === 'settled' ? (isFailed ? 'retry' : 'settled') : 'revoked'
    this.#tell(held, 'deliver', {
      queue,
      id: message.id,
      fromMs: held.deliveredAtMs,
      toMs: this.#nowMs(),
      attributes: [
        [spanAttributes.attempt, attempt],
        [spanAttributes.settlement, settlement],
      ],
      errorCode: over === 'settled' ? told?.failure?.code : over,
    })
  }

  handedOver(queue: string, message: Message): void {
    const parent = parentOf(message)
    if (parent === undefined) return
    const nowMs = this.#nowMs()
    const attributes: readonly SpanAttribute[] = [[spanAttributes.attempt, 1]]
    this.#tell(parent, 'queue', { queue, id: '', fromMs: nowMs, toMs: nowMs, attributes })
  }

  finishes(message: Message, outcome: StoredOutcome, journal: Durability): void {
    const parent = parentOf(message)
    if (parent === undefined) return
    const { id, queue, code, attempts, acceptedAtMs, finishedAtMs } = outcome
    const attributes: readonly SpanAttribute[] = [
      [spanAttributes.outcome, code],
      [spanAttributes.attempts, attempts],
    ]
    const errorCode = code === 'ok' ? undefined : code
    const told = { queue, id, fromMs: acceptedAtMs, toMs: finishedAtMs, attributes, errorCode }
    journal.whenDurable((error) => {
      if (error === undefined) this.#tell(parent, 'outcome', told)
    })
  }

  #tell(parent: Parent, operation: BrokerSpanOperation, told: Told): void {
    const queue = baseName(told.queue)
    const { name, type } = brokerSpanOperations[operation]
    const end = told.queue.indexOf(scopeEnd)
    const attributes: SpanAttribute[] = [
      [spanAttributes.system, messagingSystem],
      [spanAttributes.operation, name],
      [spanAttributes.destination, queue],
      ...told.attributes,
    ]
    if (type !== undefined) attributes.push([spanAttributes.operationType, type])
    if (end !== -1) attributes.push([spanAttributes.virtualHost, told.queue.slice(0, end)])
    if (told.id !== '') attributes.push([spanAttributes.messageId, baseName(told.id)])
    if (told.errorCode !== undefined) attributes.push([spanAttributes.errorType, told.errorCode])
    this.#made({
      traceId: parent.traceId,
      parentSpanId: parent.spanId,
      traceState: parent.traceState,
      spanId: newSpanId(),
      name: `${name} ${queue}`,
      fromMs: told.fromMs,
      toMs: Math.max(told.fromMs, told.toMs),
      isError: told.errorCode !== undefined,
      attributes,
    })
  }
}

function parentOf(message: Message): Parent | undefined {
  const headers = traceHeaders(message)
  if (headers === undefined) return undefined
  const { traceparent = '', tracestate } = headers
  const parsed = parsedTraceParent(traceparent)
  if (parsed === undefined || !parsed.isSampled) return undefined
  return { traceId: parsed.traceId, spanId: parsed.spanId, traceState: tracestate }
}

function newSpanId(): string {
  const id = randomBytes(8).toString('hex')
  return /^0+$/.test(id) ? newSpanId() : id
}
