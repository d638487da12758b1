/*
 * What happened in one run, as AMQP clients and the machine saw it. The checker judges it and knows
 * nothing else. A message is known by its token, the first word of its body: whatever way it takes, its
 * body stays.
 *
 * `atMs` is true time since the run began. Nothing here is imported from the broker.
 */

export interface Sent {
  readonly token: string
  readonly exchange: string
  readonly key: string
  readonly persistent: boolean
  readonly priority: number
  readonly ttlMs: number | undefined
  /** Of every byte of properties and body. */
  readonly digest: string
  /** Of the body alone: what stays when a message is dead-lettered. */
  readonly bodyDigest: string
  /** It asks for a result: kept whatever its delivery mode. */
  readonly tracked: boolean
  /** Its id, when it asks for a result: the same chosen one twice is one message. */
  readonly id: string | undefined
  /** Its result is the reply that comes for it. */
  readonly awaitsReply: boolean
  /** It is taken back from a consumer that has it for too long. */
  readonly timed: boolean
}

/** Queues it leads to, as the topology stood when it was sent. */
export interface Routed {
  readonly certain: readonly string[]
  /** The queue was being deleted or declared meanwhile. */
  readonly possible: readonly string[]
}

export interface Received {
  readonly token: string
  readonly redelivered: boolean
  readonly digest: string
  readonly bodyDigest: string
  /** How often it died on its way here: all counts of x-death together. */
  readonly deaths: number
  /** Of the last death: where and why. '' when there was none. */
  readonly from: string
  readonly reason: string
  /** Token of the request that it is a reply to. */
  readonly replyFor: string | undefined
}

export type SettleHow = 'ack' | 'requeue' | 'reject'

export type Happening =
  // the machine
  | { readonly kind: 'opened' }
  | { readonly kind: 'cut'; readonly how: 'power' | 'kill' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'disk-failed' | 'disk-full' | 'disk-room' }
  // channels
  | { readonly kind: 'left'; readonly channel: number; readonly how: 'close' | 'drop' | 'server' }
  // publishing
  | {
      readonly kind: 'published'
      readonly publish: number
      readonly channel: number
      /** Number within its confirming channel; 0 without confirms. */
      readonly seq: number
      /** Its transaction; 0 for none. */
      readonly tx: number
      readonly mandatory: boolean
      readonly message: Sent
      readonly routed: Routed
    }
  | { readonly kind: 'confirmed'; readonly publish: number; readonly ok: boolean }
  /** A confirm for a number that has none, or has it already. */
  | { readonly kind: 'confirmed-wrongly'; readonly channel: number; readonly seq: number }
  | { readonly kind: 'returned'; readonly publish: number }
  /** What its channel never sent, or has back already. */
  | { readonly kind: 'returned-wrongly'; readonly channel: number; readonly token: string }
  | { readonly kind: 'committing' | 'committed' | 'rolled-back'; readonly tx: number }
  // consuming
  | {
      readonly kind: 'consuming'
      readonly consumer: number
      readonly channel: number
      readonly queue: string
      readonly noAck: boolean
      /** Unsettled deliveries of this consumer; 0 for no limit. */
      readonly prefetch: number
      /** The same for all consumers of the channel. */
      readonly shared: number
    }
  | { readonly kind: 'consume-ok' | 'cancel-ok' | 'cancelled'; readonly consumer: number }
  | {
      readonly kind: 'getting'
      readonly channel: number
      readonly queue: string
      readonly noAck: boolean
    }
  | {
      readonly kind: 'delivered'
      readonly channel: number
      /** Undefined for basic.get. */
      readonly consumer: number | undefined
      readonly queue: string
      readonly tag: number
      readonly noAck: boolean
      readonly message: Received
    }
  | {
      readonly kind: 'settled'
      readonly channel: number
      readonly tags: readonly number[]
      readonly how: SettleHow
      /** Its transaction; 0 for none. */
      readonly tx: number
      /** The broker says so: it took them back some time before. */
      readonly told: boolean
    }
  // queues
  | { readonly kind: 'purging' | 'deleting' | 'declared'; readonly queue: string }
  | {
      readonly kind: 'purged' | 'deleted'
      readonly queue: string
      readonly count: number
      /** Nothing else was going on when it began. */
      readonly quiet: boolean
    }
  /** Nothing is under way; how many are ready, as the broker says. */
  | { readonly kind: 'counted'; readonly ready: ReadonlyMap<string, number> }
  /** All that is in the queues, head first. image: of another disk that a cut now may leave. */
  | {
      readonly kind: 'drained'
      readonly when: 'image' | 'recovered' | 'end'
      readonly queues: ReadonlyMap<string, readonly Received[]>
      /** What the engine says of each request, by id. */
      readonly answers: ReadonlyMap<string, string>
    }

export interface Stamp {
  readonly n: number
  /** 0 for the first life; rises with each opening. */
  readonly life: number
  readonly atMs: number
}

export type HistoryEvent = Happening & Stamp
type Of<E, K> = E extends { kind: infer Kind } ? (K extends Kind ? E : never) : never
export type EventOf<K extends Happening['kind']> = Of<HistoryEvent, K>

/** Collects what happens. What comes after a cut and before the next opening is nobody's: dropped. */
export class History {
  readonly events: HistoryEvent[] = []
  readonly #atMs: () => number
  #life = -1
  #isRunning = false

  constructor(atMs: () => number) {
    this.#atMs = atMs
  }

  record(happening: Happening): void {
    if (happening.kind === 'opened') {
      this.#life++
      this.#isRunning = true
    }
    if (!this.#isRunning && happening.kind !== 'drained') return
    this.events.push({
      ...happening,
      n: this.events.length,
      life: this.#life,
      atMs: this.#atMs(),
    })
    if (happening.kind === 'cut' || happening.kind === 'closed') this.#isRunning = false
  }
}
