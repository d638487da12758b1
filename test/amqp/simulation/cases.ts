/*
 * The history, put in order by what it is about: one case for each message in each queue it came to, and
 * for each round through its dead-letter exchanges.
 *
 *   m7 in plain, round 0 ── rejected ─▶ m7 in dead, round 1
 *
 * A case knows who received it, how that ended, and in which drained queues it stood.
 */

import type { EventOf, HistoryEvent, Received } from './history.ts'
import type { QueuePlan } from './topology.ts'

export interface Life {
  readonly number: number
  readonly opened: EventOf<'opened'>
  end: EventOf<'cut'> | EventOf<'closed'> | undefined
  failed: HistoryEvent | undefined
}

export interface PublishCase {
  readonly event: EventOf<'published'>
  readonly confirms: EventOf<'confirmed'>[]
  readonly returns: EventOf<'returned'>[]
  committing: HistoryEvent | undefined
  committed: HistoryEvent | undefined
  rolledBack: HistoryEvent | undefined
  /** The channel is no more. */
  left: EventOf<'left'> | undefined
}

export interface DeliveryCase {
  readonly event: EventOf<'delivered'>
  settled: EventOf<'settled'> | undefined
  left: EventOf<'left'> | undefined
}

export interface CopyCase {
  readonly token: string
  readonly queue: QueuePlan
  readonly round: number
  /** The queue it died in last; '' in round 0. */
  readonly from: string
  readonly deliveries: DeliveryCase[]
  readonly stood: {
    readonly event: EventOf<'drained'>
    readonly received: Received
    readonly place: number
  }[]
}

export interface CopyName {
  readonly token: string
  readonly queue: { readonly name: string }
  readonly round: number
  readonly from: string
}

export interface Cases {
  readonly events: readonly HistoryEvent[]
  readonly queues: readonly QueuePlan[]
  readonly lives: readonly Life[]
  readonly publishes: readonly PublishCase[]
  /** Of one message: more than one when it was sent again. */
  readonly byToken: ReadonlyMap<string, readonly PublishCase[]>
  readonly copies: ReadonlyMap<string, CopyCase>
  /** How channels and consumers came to their end, by number. */
  readonly leftOf: ReadonlyMap<number, EventOf<'left'>>
  readonly overOf: ReadonlyMap<number, HistoryEvent>
  copy(of: CopyName): CopyCase | undefined
  ofKind<K extends HistoryEvent['kind']>(kind: K): readonly EventOf<K>[]
}

/** Messages that simulated clients made; others are the broker's own. */
export const isOurs = (token: string): boolean => /^[mqr]\d+$/.test(token)

export function casesOf(events: readonly HistoryEvent[], queues: readonly QueuePlan[]): Cases {
  const builder = new Builder(queues)
  for (const event of events) builder.take(event)
  const kinds = Map.groupBy(events, ({ kind }) => kind)
  const publishes = [...builder.publishes.values()]
  return {
    events,
    queues,
    lives: builder.lives,
    publishes,
    byToken: Map.groupBy(publishes, ({ event }) => event.message.token),
    copies: builder.copies,
    leftOf: builder.leftOf,
    overOf: builder.overOf,
    copy: (of) => builder.copies.get(keyOf(of)),
    ofKind: (kind) => (kinds.get(kind) ?? []) as EventOf<typeof kind>[],
  }
}

const keyOf = ({ token, queue, round, from }: CopyName): string =>
  `${token} ${queue.name} ${round} ${from}`

class Builder {
  readonly lives: Life[] = []
  readonly publishes = new Map<number, PublishCase>()
  readonly copies = new Map<string, CopyCase>()
  readonly leftOf = new Map<number, EventOf<'left'>>()
  readonly overOf = new Map<number, HistoryEvent>()
  readonly #queues: ReadonlyMap<string, QueuePlan>
  /** Deliveries by channel and tag. */
  readonly #held = new Map<string, DeliveryCase>()
  readonly #ofChannel = new Map<number, DeliveryCase[]>()
  readonly #publishesOf = new Map<number, PublishCase[]>()
  readonly #inTx = new Map<number, PublishCase[]>()

  constructor(queues: readonly QueuePlan[]) {
    this.#queues = new Map(queues.map((queue) => [queue.name, queue]))
  }

  take(event: HistoryEvent): void {
    switch (event.kind) {
      case 'opened':
        this.lives.push({ number: event.life, opened: event, end: undefined, failed: undefined })
        break
      case 'cut':
      case 'closed':
        this.#life().end = event
        break
      case 'disk-failed':
        this.#life().failed ??= event
        break
      case 'published':
        this.#published(event)
        break
      case 'confirmed':
        this.publishes.get(event.publish)?.confirms.push(event)
        break
      case 'returned':
        this.publishes.get(event.publish)?.returns.push(event)
        break
      default:
        this.#takeWork(event)
    }
  }

  #takeWork(event: HistoryEvent): void {
    switch (event.kind) {
      case 'committing':
        for (const publish of this.#inTx.get(event.tx) ?? []) publish.committing = event
        break
      case 'committed':
        for (const publish of this.#inTx.get(event.tx) ?? []) publish.committed = event
        break
      case 'rolled-back':
        for (const publish of this.#inTx.get(event.tx) ?? []) publish.rolledBack = event
        break
      case 'delivered':
        this.#delivered(event)
        break
      case 'settled':
        for (const tag of event.tags) {
          const delivery = this.#held.get(`${event.channel} ${tag}`)
          if (delivery) delivery.settled ??= event
        }
        break
      case 'cancel-ok':
      case 'cancelled':
        if (!this.overOf.has(event.consumer)) this.overOf.set(event.consumer, event)
        break
      case 'left':
        if (!this.leftOf.has(event.channel)) this.leftOf.set(event.channel, event)
        for (const delivery of this.#ofChannel.get(event.channel) ?? []) delivery.left ??= event
        for (const publish of this.#publishesOf.get(event.channel) ?? []) publish.left ??= event
        break
      case 'drained':
        this.#drained(event)
        break
      default:
    }
  }

  #published(event: EventOf<'published'>): void {
    const publish: PublishCase = {
      event,
      confirms: [],
      returns: [],
      committing: undefined,
      committed: undefined,
      rolledBack: undefined,
      left: undefined,
    }
    this.publishes.set(event.publish, publish)
    pushTo(this.#publishesOf, event.channel, publish)
    if (event.tx !== 0) pushTo(this.#inTx, event.tx, publish)
  }

  #delivered(event: EventOf<'delivered'>): void {
    const delivery: DeliveryCase = { event, settled: undefined, left: undefined }
    this.#held.set(`${event.channel} ${event.tag}`, delivery)
    pushTo(this.#ofChannel, event.channel, delivery)
    this.#copy(event.message, event.queue)?.deliveries.push(delivery)
  }

  #drained(event: EventOf<'drained'>): void {
    for (const [queue, all] of event.queues) {
      for (const [place, received] of all.entries())
        this.#copy(received, queue)?.stood.push({ event, received, place })
    }
  }

  #copy({ token, deaths: round, from }: Received, queueName: string): CopyCase | undefined {
    const queue = this.#queues.get(queueName)
    if (!isOurs(token) || queue === undefined) return undefined
    const key = keyOf({ token, queue, round, from })
    const known = this.copies.get(key)
    if (known !== undefined) return known
    const made: CopyCase = { token, queue, round, from, deliveries: [], stood: [] }
    this.copies.set(key, made)
    return made
  }

  #life(): Life {
    return this.lives.at(-1) as Life
  }
}

function pushTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const there = map.get(key)
  if (there === undefined) map.set(key, [value])
  else there.push(value)
}
