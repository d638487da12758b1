/*
 * Outcomes sent onward, to the queues of durable callbacks.
 *
 * A homecoming is an entry in the callback's queue whose record is the `final` record itself: the
 * outcome and its bringing home are one write, so neither exists without the other (invariant 27).
 * It is handed out when that record is durable: a callback never comes before its outcome (30).
 */

import {
  type CallbackTarget,
  callbackQueue,
  type Message,
  notification,
} from '../message/message.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import type { Core } from './core.ts'
import type { Delivering } from './delivering.ts'
import type { Onward } from './journal/final-record.ts'
import type { LiveQueue } from './live-queue.ts'
import { Entry, homecomingKind } from './queue/entry.ts'
import { homecomingMessage } from './stored-message.ts'

export interface OnwardParts {
  readonly core: Core
  readonly delivering: Delivering
  /** The queue of that name, made when it is not there yet. */
  queue(name: string): LiveQueue
  /** Put back at its place, the attempt on record excused. */
  giveBack(live: LiveQueue, entry: Entry): void
}

export class OnwardSending {
  readonly #parts: OnwardParts

  constructor(parts: OnwardParts) {
    this.#parts = parts
  }

  /** Their places in the callbacks' queues, for the record that is about to be written. */
  plan(callbacks: readonly CallbackTarget[], code: string): Onward[] {
    const planned: Onward[] = []
    for (const target of callbacks) {
      const live = target.onlyFailure && code === 'ok' ? undefined : this.#queueOf(target)
      if (!live) continue
      const { queue } = live
      planned.push({
        callback: target.name,
        context: target.context,
        queueNumber: queue.number,
        position: queue.nextPosition++,
        delivered: queue.waiting === 0 && live.recording === 0 && live.hasCredit,
      })
    }
    return planned
  }

  /** Who asked to be notified in a queue that is not there is told elsewhere. */
  #queueOf({ name, queue }: CallbackTarget): LiveQueue | undefined {
    if (name !== notification) return this.#parts.queue(callbackQueue(name))
    const live = queue === undefined ? undefined : this.#parts.core.queue(queue)
    return live?.durable ? live : undefined
  }

  /** Puts them there; the record just written is theirs. */
  send(
    outcome: StoredOutcome,
    message: Message,
    acceptedAtMs: number,
    onward: readonly Onward[],
  ): void {
    const { core } = this.#parts
    const { segment, recordFrom, recordBytes } = core.journal
    const final = { outcome, accepted: { message, acceptedAtMs, entries: [] }, onward }
    // Of the message whose outcome it is: it is looked for by it, though no id is found by it.
    const hash = core.state.hash(outcome.id)
    onward.forEach(({ queueNumber, position, delivered }, n) => {
      const live = core.state.numbered.get(queueNumber) as LiveQueue
      const kind = homecomingKind + n
      const never = Number.POSITIVE_INFINITY
      const entry = new Entry(position, 0, kind, hash, never, segment, recordFrom, recordBytes)
      entry.acceptedAtMs = outcome.finishedAtMs
      core.state.hold(entry)
      live.accepted++
      if (delivered) this.#bringHome(live, entry, homecomingMessage(final, n))
      else live.queue.push(entry)
    })
  }

  #bringHome(live: LiveQueue, entry: Entry, message: Message): void {
    const { core, delivering } = this.#parts
    const subscriber = live.nextSubscriber()
    entry.attempts = 1
    live.queue.pushHeld(entry)
    if (!subscriber) {
      // Another homecoming of the same record took the last credit.
      this.#parts.giveBack(live, entry)
      return
    }
    live.limiter.start()
    subscriber.handler.onItsWay?.(1)
    const delivery = delivering.hold(live, entry, message, subscriber)
    core.journal.whenDurable((error) => {
      if (!error) delivering.handing.handOutSoon(delivery)
    })
  }
}
