/*
 * What the broker did with a message, as spans of the trace that the message carries.
 *
 *   sender's span ─┬─ queue orders     from accepted, or given back, to delivered     one for each attempt
 *                  ├─ deliver orders   from delivered to settled or taken away        one for each attempt
 *                  └─ outcome orders   from accepted until the outcome is durable
 *
 * Rule: only messages with a `traceparent` whose sender samples it have spans; of the others nothing is kept.
 * Spans are in the machine's wall time. What was accepted by an earlier process has the whole milliseconds
 * of its record instead, and those are of the engine's time: they are moved by what the two differ now.
 */

import { randomBytes } from 'node:crypto'
import type { HeldDelivery } from '../embedded/live-queue.ts'
import type { Durability, EndedMessage, MessageObserver } from '../embedded/message-observer.ts'
import type { Message } from '../message/message.ts'
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

/** Of an entry that waits or has waited, in wall ms. */
interface Waiting {
  readonly acceptedAtMs: number
  readonly sinceMs: number
}

/** Both in ms since 1970. */
export interface SpanClocks {
  readonly engineMs: () => number
  readonly wallMs: () => number
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
  readonly #clocks: SpanClocks
  readonly #nowMs: () => number
  readonly #made: (span: FinishedSpan) => void
  /** Of messages that carry a trace alone; who forgets the entry forgets this. */
  readonly #waiting = new WeakMap<Entry, Waiting>()
  readonly #held = new WeakMap<HeldDelivery, Held>()

  constructor(clocks: SpanClocks, made: (span: FinishedSpan) => void) {
    this.#clocks = clocks
    this.#nowMs = clocks.wallMs
    this.#made = made
  }

  waits(entry: Entry, message: Message): void {
    if (parentOf(message) === undefined) return
    const nowMs = this.#nowMs()
    const acceptedAtMs = entry.attempts === 0 ? nowMs : this.#acceptedAtMs(entry, nowMs)
    this.#waiting.set(entry, { acceptedAtMs, sinceMs: nowMs })
  }

  delivered(delivery: HeldDelivery): void {
    const { message, entry, queue, attempt } = delivery
    const parent = parentOf(message)
    if (parent === undefined) return
    const nowMs = this.#nowMs()
    this.#held.set(delivery, { ...parent, deliveredAtMs: nowMs })
    const sinceMs = this.#waiting.get(entry)?.sinceMs ?? this.#acceptedAtMs(entry, nowMs)
    const availableAtMs = Math.max(message.availableAtMs, entry.availableAtMs)
    this.#tell(parent, 'queue', {
      queue,
      id: message.id,
      // While it was delayed it did not wait for a consumer.
      fromMs: Math.min(nowMs, Math.max(sinceMs, this.#moved(availableAtMs))),
      toMs: nowMs,
      attributes: [[spanAttributes.attempt, attempt]],
    })
  }

  released(delivery: HeldDelivery): void {
    const held = this.#held.get(delivery)
    if (held === undefined) return
    this.#held.delete(delivery)
    const { message, queue, attempt } = delivery
    const { settlement, errorCode } = endOf(delivery)
    this.#tell(held, 'deliver', {
      queue,
      id: message.id,
      fromMs: held.deliveredAtMs,
      toMs: this.#nowMs(),
      attributes: [
        [spanAttributes.attempt, attempt],
        [spanAttributes.settlement, settlement],
      ],
      errorCode,
    })
  }

  handedOver(queue: string, message: Message): void {
    const parent = parentOf(message)
    if (parent === undefined) return
    const nowMs = this.#nowMs()
    const attributes: readonly SpanAttribute[] = [[spanAttributes.attempt, 1]]
    this.#tell(parent, 'queue', { queue, id: '', fromMs: nowMs, toMs: nowMs, attributes })
  }

  finishes(entry: Entry, { message, outcome }: EndedMessage, journal: Durability): void {
    const parent = parentOf(message)
    if (parent === undefined) return
    const { id, queue, code, attempts } = outcome
    const attributes: readonly SpanAttribute[] = [
      [spanAttributes.outcome, code],
      [spanAttributes.attempts, attempts],
    ]
    const errorCode = code === 'ok' ? undefined : code
    const acceptedAtMs = this.#waiting.get(entry)?.acceptedAtMs
    const fromMs = acceptedAtMs ?? this.#moved(outcome.acceptedAtMs)
    journal.whenDurable((error) => {
      if (error !== undefined) return
      this.#tell(parent, 'outcome', {
        queue,
        id,
        fromMs,
        toMs: this.#nowMs(),
        attributes,
        errorCode,
      })
    })
  }

  #acceptedAtMs(entry: Entry, nowMs: number): number {
    const known = this.#waiting.get(entry)
    if (known !== undefined) return known.acceptedAtMs
    // Zero: a plain message that its consumer had at once, or whose record says nothing of it.
    return entry.acceptedAtMs === 0 ? nowMs : this.#moved(entry.acceptedAtMs)
  }

  /** A time of the engine, as the wall clock has it now. */
  #moved(engineMs: number): number {
    return engineMs + Math.floor(this.#clocks.wallMs() - this.#clocks.engineMs())
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

/** How the delivery ended, and the code of what went wrong. */
function endOf({ over = 'settled', told }: HeldDelivery): {
  readonly settlement: string
  readonly errorCode: string | undefined
} {
  if (over !== 'settled') return { settlement: 'revoked', errorCode: over }
  const end = told?.end
  if (end === 'lost') return { settlement: 'revoked', errorCode: 'connection-lost' }
  return { settlement: endings[end ?? 'settled'], errorCode: told?.failure?.code }
}

const endings = {
  settled: 'settled',
  retried: 'retry',
  returned: 'return',
  rejected: 'reject',
} as const

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
