/*
 * What happened in one run, as seen from outside the engine: by the senders, the consumers, the
 * people who ask, and the machine. The checker judges it and knows nothing else.
 *
 *   a run is lives:  opened … cut | opened … closed | opened … (end)
 *
 * `atMs` is true time since the run began. `nowMs` is what the engine said the wall time is.
 * Nothing here is imported from the engine: the checker must not share its mistakes.
 */

/** A message as it was sent or received, with a digest of its every byte. */
export interface MessageFacts {
  readonly id: string
  readonly queue: string
  readonly digest: string
  /** A digest of content type, body and headers alone: what a replay of it keeps. */
  readonly content: string
  readonly priority: number
  readonly deadlineAtMs: number
  readonly availableAtMs: number
  readonly timeoutMs: number
  readonly attemptsMax: number
  readonly ttlMs: number | undefined
  readonly callbacks: readonly string[]
  readonly replayOf: string | undefined
}

export interface OutcomeFacts {
  readonly id: string
  readonly queue: string
  readonly code: string
  readonly attempts: number
  readonly finishedAtMs: number
  /** Of content type and body. */
  readonly digest: string
}

export type AnswerFacts =
  /** `damaged`: the engine said that the record of that id cannot be read. */
  | { readonly state: 'pending' | 'unknown' | 'forgotten' | 'damaged' }
  | { readonly state: 'final'; readonly outcome: OutcomeFacts }

export interface QueueFacts {
  readonly name: string
  readonly ready: number
  readonly unsettled: number
  readonly delayed: number
  readonly dead: number
  readonly accepted: number
}

export interface SettingFacts {
  readonly depthMax: number
  readonly overflow: 'reject' | 'drop-head' | 'reject-dead-letter'
  readonly ttlMs: number | undefined
  /** Deliveries are held back by a rate or a concurrency limit. */
  readonly limited: boolean
  readonly perKey: boolean
}

export type SettlementFacts =
  | { readonly kind: 'final'; readonly code: string; readonly digest: string }
  | {
      readonly kind: 'retry'
      readonly delayMs: number
      readonly code: string
      readonly digest: string
    }
  | { readonly kind: 'return' | 'acknowledge' }

/** Everything that can be known about all ids at one moment. */
export interface Probe {
  readonly answers: ReadonlyMap<string, AnswerFacts>
  readonly queues: readonly QueueFacts[]
  readonly deadIds: ReadonlySet<string>
}

export type Happening =
  // the machine
  | { readonly kind: 'opened' }
  | { readonly kind: 'open-failed'; readonly code: string }
  | { readonly kind: 'cut'; readonly how: 'power' | 'kill' }
  | { readonly kind: 'closed' }
  /** A write or sync of a journal file failed with EIO. */
  | { readonly kind: 'disk-failed'; readonly operation: string; readonly file: string }
  /** After a failed sync, the same file was synced again in the same life. */
  | { readonly kind: 'sync-retried'; readonly file: string }
  | { readonly kind: 'disk-full' }
  | { readonly kind: 'disk-room' }
  | { readonly kind: 'clock-jumped'; readonly byMs: number }
  /** One byte of a stored file was altered while nothing ran. */
  | { readonly kind: 'altered'; readonly file: string; readonly at: number }
  /** The engine said that stored data is damaged. */
  | { readonly kind: 'damage-reported'; readonly text: string }
  // sending
  | { readonly kind: 'declared'; readonly queue: string; readonly settings: SettingFacts }
  | { readonly kind: 'publishing'; readonly publish: number; readonly message: MessageFacts }
  | {
      readonly kind: 'confirmed'
      readonly publish: number
      readonly id: string
      readonly duplicate: boolean
    }
  | { readonly kind: 'refused'; readonly publish: number; readonly code: string }
  // consuming
  | {
      readonly kind: 'subscribed'
      readonly consumer: number
      readonly queue: string
      readonly prefetch: number
    }
  | { readonly kind: 'stopped'; readonly consumer: number }
  /** close() was called; what it holds goes back. */
  | { readonly kind: 'unsubscribing'; readonly consumer: number }
  | { readonly kind: 'unsubscribed'; readonly consumer: number }
  | {
      readonly kind: 'delivered'
      readonly consumer: number
      readonly tag: number
      readonly attempt: number
      readonly redelivered: boolean
      readonly message: MessageFacts
    }
  | {
      readonly kind: 'revoked'
      readonly consumer: number
      readonly tag: number
      readonly id: string
      readonly reason: 'timeout' | 'expired' | 'canceled' | 'closed'
    }
  | {
      readonly kind: 'settling'
      readonly call: number
      readonly tag: number
      readonly id: string
      readonly settlement: SettlementFacts
    }
  | {
      readonly kind: 'settled'
      readonly call: number
      readonly accepted: boolean
      readonly by: string | undefined
    }
  | { readonly kind: 'settle-failed'; readonly call: number; readonly code: string }
  // asking
  | { readonly kind: 'waiting'; readonly waiter: number; readonly id: string }
  | { readonly kind: 'told'; readonly waiter: number; readonly outcome: OutcomeFacts }
  | { readonly kind: 'stopped-waiting'; readonly waiter: number }
  | { readonly kind: 'answered'; readonly id: string; readonly answer: AnswerFacts }
  | { readonly kind: 'listed'; readonly outcomes: readonly OutcomeFacts[] }
  | { readonly kind: 'canceling'; readonly call: number; readonly id: string }
  | { readonly kind: 'canceled'; readonly call: number; readonly done: boolean }
  | { readonly kind: 'purging'; readonly call: number; readonly queue: string }
  | { readonly kind: 'purged'; readonly call: number; readonly count: number }
  // dead letters
  | { readonly kind: 'replaying'; readonly call: number; readonly ids: readonly string[] }
  | { readonly kind: 'replayed'; readonly call: number; readonly newIds: readonly string[] }
  | { readonly kind: 'dropping'; readonly call: number; readonly ids: readonly string[] }
  | { readonly kind: 'dropped'; readonly call: number; readonly count: number }
  // bringing home: a message of a callback's queue, decoded by the simulated client
  | {
      readonly kind: 'called-back'
      readonly callback: string
      readonly tag: number
      readonly messageId: string
      readonly digest: string
      readonly outcome: OutcomeFacts
    }
  | { readonly kind: 'gathering'; readonly gather: string; readonly ids: readonly string[] }
  | { readonly kind: 'gathering-confirmed'; readonly gather: string }
  | {
      readonly kind: 'gathered'
      readonly gather: string
      readonly tag: number
      readonly messageId: string
      readonly ids: readonly string[]
    }
  /**
   * All ids asked about, all queues counted.
   * recovered: before any work of this life. image: another disk the same cut may leave, opened aside.
   * quiet: nothing under way. end: after everything had the time to finish.
   */
  | {
      readonly kind: 'probed'
      readonly when: 'recovered' | 'image' | 'again' | 'quiet' | 'end'
      readonly probe: Probe
    }

export type HappeningKind = Happening['kind']

export interface Stamp {
  /** Place in the history. */
  readonly n: number
  /** 0 for the first life; rises with each opening. */
  readonly life: number
  readonly atMs: number
  readonly nowMs: number
}

export type HistoryEvent = Happening & Stamp
export type EventOf<K extends HappeningKind> = Extract<HistoryEvent, { kind: K }>

/** Collects what happens. What comes after a cut and before the next opening is nobody's: dropped. */
export class Recorder {
  readonly events: HistoryEvent[] = []
  #life = -1
  #running = false
  readonly #atMs: () => number
  readonly #told: (event: HistoryEvent) => void
  nowMs: () => number = () => 0

  constructor(atMs: () => number, told: (event: HistoryEvent) => void = () => {}) {
    this.#atMs = atMs
    this.#told = told
  }

  get running(): boolean {
    return this.#running
  }

  record(happening: Happening): void {
    if (happening.kind === 'opened') {
      this.#life++
      this.#running = true
    }
    if (!this.#running && !whileDown.has(happening.kind)) return
    const stamp: Stamp = {
      n: this.events.length,
      life: this.#life,
      atMs: this.#atMs(),
      nowMs: this.nowMs(),
    }
    const event: HistoryEvent = { ...happening, ...stamp }
    this.events.push(event)
    this.#told(event)
    if (happening.kind === 'cut' || happening.kind === 'closed') this.#running = false
  }
}

const whileDown: ReadonlySet<HappeningKind> = new Set([
  'open-failed',
  'clock-jumped',
  'altered',
  'disk-full',
  'disk-room',
  'probed',
])
