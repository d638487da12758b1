/*
 * The history, put in order by what it is about: one case for each message, delivery, publish, settle
 * and homecoming.
 *
 * One id can be more than one message: a message whose confirm never came may be gone after a crash,
 * and its id may be sent again. A case ends when a recovery says `unknown`; the next send of the id
 * opens a new one. That a *confirmed* message ends this way is for rule 2 to complain about.
 */

import type { AnswerFacts, EventOf, HistoryEvent, MessageFacts, OutcomeFacts } from './history.ts'

export interface Life {
  readonly number: number
  readonly opened: EventOf<'opened'>
  /** How it ended; undefined when the history ends first. */
  end: EventOf<'cut'> | EventOf<'closed'> | undefined
  /** A journal write or sync failed in it. */
  failed: HistoryEvent | undefined
}

export interface PublishCase {
  readonly publishing: EventOf<'publishing'>
  readonly answers: (EventOf<'confirmed'> | EventOf<'refused'>)[]
}

export interface SettleCase {
  readonly settling: EventOf<'settling'>
  settled: EventOf<'settled'> | undefined
  failed: EventOf<'settle-failed'> | undefined
}

export interface DeliveryCase {
  readonly event: EventOf<'delivered'>
  readonly settles: SettleCase[]
  readonly revoked: EventOf<'revoked'>[]
  /** The consumer was closed while it held this. */
  givenBack: EventOf<'unsubscribing'> | undefined
  calledBack: EventOf<'called-back'> | EventOf<'gathered'> | undefined
}

export interface Shown {
  readonly event: HistoryEvent
  readonly outcome: OutcomeFacts
}

export interface MessageCase {
  readonly id: string
  /** It brings an outcome home: made by the engine, not published. */
  readonly internal: boolean
  facts: MessageFacts | undefined
  readonly publishes: PublishCase[]
  readonly deliveries: DeliveryCase[]
  readonly shown: Shown[]
  readonly cancels: EventOf<'canceling'>[]
  /** What later probes of the main disk, and of other possible disks, said. */
  readonly probes: { readonly event: EventOf<'probed'>; readonly answer: AnswerFacts }[]
  /** Event number from which on it was known to be gone. */
  goneAt: number
}

export interface CaseFiles {
  readonly events: readonly HistoryEvent[]
  readonly lives: readonly Life[]
  readonly messages: readonly MessageCase[]
  readonly publishes: readonly PublishCase[]
  readonly deliveries: readonly DeliveryCase[]
  readonly settles: readonly SettleCase[]
  /** The case of an id at a place in the history. */
  caseOf(id: string, at: number): MessageCase | undefined
  ofKind<K extends HistoryEvent['kind']>(kind: K): readonly EventOf<K>[]
}

export const isInternal = (queue: string): boolean => queue.startsWith('callback:')

export function caseFiles(events: readonly HistoryEvent[]): CaseFiles {
  const builder = new Builder()
  const kinds = new Map<string, HistoryEvent[]>()
  for (const event of events) {
    const same = kinds.get(event.kind)
    if (same === undefined) kinds.set(event.kind, [event])
    else same.push(event)
    builder.take(event)
  }
  for (const message of builder.messages) message.facts = factsOf(message)
  return {
    events,
    lives: builder.lives,
    messages: builder.messages,
    publishes: [...builder.publishes.values()],
    deliveries: builder.deliveries,
    settles: [...builder.settles.values()],
    caseOf: (id, at) => builder.byId.get(id)?.find((one) => at < one.goneAt),
    ofKind: (kind) => (kinds.get(kind) ?? []) as EventOf<typeof kind>[],
  }
}

/** Rejections after which nobody knows whether the message was stored. */
const unknowing = new Set(['disk-failed', 'closed', 'aborted', 'EIO'])

/** The publish was refused for sure: no such message may exist because of it. */
export const refusalOf = (publish: PublishCase): EventOf<'refused'> | undefined =>
  publish.answers.find((answer) => answer.kind === 'refused' && !unknowing.has(answer.code)) as
    | EventOf<'refused'>
    | undefined

/** As it was delivered; else as sent by the publish that was not refused. */
function factsOf({ deliveries, publishes }: MessageCase): MessageFacts | undefined {
  const possible = publishes.filter((publish) => refusalOf(publish) === undefined)
  const standing =
    publishes.find(({ answers }) =>
      answers.every((answer) => answer.kind === 'confirmed' && !answer.duplicate),
    ) ?? possible[0]
  return deliveries[0]?.event.message ?? (standing ?? publishes[0])?.publishing.message
}

class Builder {
  readonly lives: Life[] = []
  readonly messages: MessageCase[] = []
  readonly byId = new Map<string, MessageCase[]>()
  readonly publishes = new Map<number, PublishCase>()
  readonly deliveries: DeliveryCase[] = []
  readonly settles = new Map<number, SettleCase>()
  /** Deliveries of the present life, by tag. */
  #held = new Map<number, DeliveryCase>()
  #waiters = new Map<number, string>()

  take(event: HistoryEvent): void {
    switch (event.kind) {
      case 'opened':
        this.lives.push({ number: event.life, opened: event, end: undefined, failed: undefined })
        this.#held = new Map()
        return
      case 'cut':
      case 'closed':
        this.#life().end = event
        return
      case 'disk-failed':
        this.#life().failed ??= event
        return
      case 'probed':
        this.#takeProbe(event)
        return
      default:
        this.#takeWork(event)
    }
  }

  #takeWork(event: HistoryEvent): void {
    switch (event.kind) {
      case 'publishing':
        this.#takePublishing(event)
        return
      case 'confirmed':
      case 'refused':
        this.publishes.get(event.publish)?.answers.push(event)
        return
      case 'delivered':
        this.#takeDelivered(event)
        return
      case 'called-back':
      case 'gathered': {
        const delivery = this.#held.get(event.tag)
        if (delivery) delivery.calledBack = event
        if (event.kind === 'called-back') this.#show(event, event.outcome)
        return
      }
      default:
        this.#takeSettling(event)
    }
  }

  #takeSettling(event: HistoryEvent): void {
    switch (event.kind) {
      case 'revoked':
        this.#held.get(event.tag)?.revoked.push(event)
        return
      case 'unsubscribing':
        for (const delivery of this.#held.values()) {
          const open = delivery.revoked.length === 0 && delivery.settles.length === 0
          if (delivery.event.consumer === event.consumer && open) delivery.givenBack ??= event
        }
        return
      case 'settling': {
        const settle: SettleCase = { settling: event, settled: undefined, failed: undefined }
        this.settles.set(event.call, settle)
        this.#held.get(event.tag)?.settles.push(settle)
        return
      }
      case 'settled': {
        const settle = this.settles.get(event.call)
        if (settle) settle.settled = event
        return
      }
      case 'settle-failed': {
        const settle = this.settles.get(event.call)
        if (settle) settle.failed = event
        return
      }
      default:
        this.#takeAsking(event)
    }
  }

  #takeAsking(event: HistoryEvent): void {
    switch (event.kind) {
      case 'waiting':
        this.#waiters.set(event.waiter, event.id)
        return
      case 'told':
        this.#show(event, event.outcome)
        return
      case 'answered':
        if (event.answer.state === 'final') this.#show(event, event.answer.outcome)
        return
      case 'listed':
        for (const outcome of event.outcomes) this.#show(event, outcome)
        return
      case 'canceling':
        this.#current(event.id)?.cancels.push(event)
        return
      case 'replayed':
        for (const id of event.newIds) this.#ensure(id, false)
        return
      default:
    }
  }

  #takePublishing(event: EventOf<'publishing'>): void {
    const { message } = event
    const known = this.#ensure(message.id, false)
    const publish: PublishCase = { publishing: event, answers: [] }
    known.publishes.push(publish)
    this.publishes.set(event.publish, publish)
  }

  #takeDelivered(event: EventOf<'delivered'>): void {
    const delivery: DeliveryCase = {
      event,
      settles: [],
      revoked: [],
      givenBack: undefined,
      calledBack: undefined,
    }
    const known = this.#ensure(event.message.id, isInternal(event.message.queue))
    known.deliveries.push(delivery)
    this.deliveries.push(delivery)
    this.#held.set(event.tag, delivery)
  }

  #takeProbe(event: EventOf<'probed'>): void {
    for (const [id, answer] of event.probe.answers) {
      const known = this.#current(id)
      if (known === undefined) continue
      known.probes.push({ event, answer })
      if (event.when !== 'image' && answer.state === 'final') this.#show(event, answer.outcome)
      if (event.when === 'recovered' && answer.state === 'unknown') known.goneAt = event.n
    }
  }

  #show(event: HistoryEvent, outcome: OutcomeFacts): void {
    this.#current(outcome.id)?.shown.push({ event, outcome })
  }

  #life(): Life {
    return this.lives.at(-1) as Life
  }

  #current(id: string): MessageCase | undefined {
    const last = this.byId.get(id)?.at(-1)
    return last?.goneAt === Number.POSITIVE_INFINITY ? last : undefined
  }

  #ensure(id: string, internal: boolean): MessageCase {
    const current = this.#current(id)
    if (current !== undefined) return current
    const made: MessageCase = {
      id,
      internal,
      facts: undefined,
      publishes: [],
      deliveries: [],
      shown: [],
      cancels: [],
      probes: [],
      goneAt: Number.POSITIVE_INFINITY,
    }
    this.messages.push(made)
    const same = this.byId.get(id)
    if (same === undefined) this.byId.set(id, [made])
    else same.push(made)
    return made
  }
}
