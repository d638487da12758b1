/*
 * How entries leave their queue.
 *
 *   answered ─▶ one `final` record: outcome, dead letter, what goes onward to callbacks
 *   failed   ─▶ `requeue` record, back at the old position, now or later; or final when no attempts are left
 *   done     ─▶ `remove` record, no outcome
 *
 * Rule: the first settlement of an entry wins, at the moment its record is appended; whoever comes
 * later is told who won. The outcome is shown when the record is durable, not before.
 */

import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Revocation } from '../message/delivery.ts'
import { type CallbackTarget, callbackQueue, type Message } from '../message/message.ts'
import { builtinCodes, isBuiltinCode, type StoredOutcome } from '../message/outcome.ts'
import type { Settled, Settlement } from '../message/settlement.ts'
import type { Core } from './core.ts'
import type { Delivering } from './delivering.ts'
import { writeAccept } from './journal/accept-record.ts'
import { ByteWriter } from './journal/bytes.ts'
import { writePositions, writeRequeue } from './journal/entry-records.ts'
import { type FinalExtras, type Onward, writeFinal } from './journal/final-record.ts'
import { recordTypes } from './journal/record.ts'
import { outcomeKind } from './ledger/ledger-event.ts'
import type { HeldDelivery, LiveQueue } from './live-queue.ts'
import { checkOutcome } from './port-checks.ts'
import { Entry, entryStates, homecomingKind, messageKind } from './queue/entry.ts'
import type { StoredMessage } from './stored-message.ts'
import { homecomingMessage } from './stored-message.ts'

export interface OutcomeBody {
  readonly code: string
  readonly contentType: string
  readonly body: Uint8Array
}

export interface SettlingParts {
  readonly core: Core
  readonly delivering: Delivering
  /** The queue of a callback, made when it is not there yet. */
  callbackQueue(name: string): LiveQueue
  /** A gather has its last outcome. */
  gathered(id: string): void
}

const accepted: Settled = { accepted: true }
const jsonContentType = 'application/json'

export const jsonBody = (code: string, data: unknown): OutcomeBody => ({
  code,
  contentType: jsonContentType,
  body: Buffer.from(JSON.stringify(data)),
})

export class Settling {
  readonly #parts: SettlingParts
  readonly #core: Core
  readonly #scratch = new ByteWriter(4096)

  constructor(parts: SettlingParts) {
    this.#parts = parts
    this.#core = parts.core
  }

  settle(delivery: HeldDelivery, settlement: Settlement): Promise<Settled> {
    if (delivery.over) return Promise.resolve({ accepted: false, by: delivery.over })
    if (this.#core.journal.failure) return Promise.reject(this.#core.journal.failure)
    const { live, entry, message } = delivery
    try {
      checkSettlement(settlement, message.id)
    } catch (error) {
      return Promise.reject(error)
    }
    live.settled++
    switch (settlement.kind) {
      case 'final':
        return this.#durable(() => {
          this.#leave(delivery)
          this.finish(live, entry, { message, acceptedAtMs: entry.acceptedAtMs }, settlement)
        }, live)
      case 'acknowledge':
        return this.#durable(() => {
          this.#leave(delivery)
          this.remove(live, [entry])
        }, live)
      case 'return':
        return this.#durable(() => this.#back(delivery, 0, true), live)
      case 'retry':
        return this.#durable(() => this.#retry(delivery, settlement), live)
      default:
        throw new HomingError(
          'bad-argument',
          `settlement kind ${String((settlement satisfies never as Settlement).kind)} is not known`,
        )
    }
  }

  #durable(act: () => void, live: LiveQueue): Promise<Settled> {
    act()
    this.#parts.delivering.pump(live)
    return new Promise((resolve, reject) => {
      this.#core.journal.whenDurable((error) => (error ? reject(error) : resolve(accepted)))
    })
  }

  #leave(delivery: HeldDelivery): void {
    this.#parts.delivering.release(delivery, 'settled')
  }

  #retry(delivery: HeldDelivery, settlement: Extract<Settlement, { kind: 'retry' }>): void {
    const { live, entry, message } = delivery
    if (entry.attempts - entry.excused < message.attemptsMax) {
      const nowMs = this.#core.nowMs()
      const availableAtMs = settlement.delayMs > 0 ? nowMs + settlement.delayMs : 0
      this.#back(delivery, availableAtMs, false)
      return
    }
    this.#leave(delivery)
    const { code, body } = settlement
    this.finish(
      live,
      entry,
      { message, acceptedAtMs: entry.acceptedAtMs },
      { code, contentType: jsonContentType, body },
    )
  }

  /** Back to the old position. */
  #back(delivery: HeldDelivery, availableAtMs: number, excused: boolean): void {
    this.#leave(delivery)
    this.giveBack(delivery.live, delivery.entry, availableAtMs, excused)
  }

  giveBack(live: LiveQueue, entry: Entry, availableAtMs: number, excused: boolean): void {
    const { journal } = this.#core
    if (excused) entry.excused++
    if (entry.message) entry.deadlineAtMs = live.waitsUntilMs(entry.message, entry.acceptedAtMs)
    entry.message = undefined
    writeRequeue(journal.begin(), live.queue.number, entry.position, availableAtMs, excused)
    journal.end(recordTypes.requeue)
    live.queue.giveBack(entry, availableAtMs, this.#core.nowMs())
    this.#core.wakeAt(live.queue.dueAtMs)
  }

  /** Takes a delivery away from its consumer: what it does with it from now on is refused. */
  revoke(delivery: HeldDelivery, reason: Revocation): void {
    this.#parts.delivering.release(delivery, reason)
    if (delivery.seen) delivery.subscriber.handler.revoke(delivery, reason)
  }

  /** The attempt took too long: back to its place, or `lost` when it was the last. */
  timedOut(live: LiveQueue, entry: Entry): void {
    const delivery = entry.holder as HeldDelivery
    const { message } = delivery
    this.revoke(delivery, 'timeout')
    if (entry.attempts - entry.excused < message.attemptsMax) this.giveBack(live, entry, 0, false)
    else this.#lose(live, entry, message)
  }

  #lose(live: LiveQueue, entry: Entry, message: Message): void {
    const stored = { message, acceptedAtMs: entry.acceptedAtMs }
    this.finish(live, entry, stored, jsonBody('lost', { attempts: entry.attempts }))
  }

  /** Entries leave without an outcome. */
  remove(live: LiveQueue, entries: readonly Entry[]): void {
    const { journal, state } = this.#core
    const positions = entries.map((entry) => entry.position)
    writePositions(journal.begin(), live.queue.number, positions)
    journal.end(recordTypes.remove)
    for (const entry of entries) {
      live.queue.remove(entry)
      state.release(entry)
    }
  }

  /** The entry leaves with its outcome; it must not be held any more. Gone rows are passed as they are. */
  finish(live: LiveQueue, entry: Entry, stored: StoredMessage, how: OutcomeBody): void {
    const { journal, state, outcomes } = this.#core
    const { message, acceptedAtMs } = stored
    if (entry.kind !== messageKind && how.code === 'ok') {
      this.remove(live, [entry])
      return
    }
    const outcome: StoredOutcome = {
      id: message.id,
      queue: live.queue.name,
      code: how.code,
      contentType: how.contentType,
      body: how.body,
      attempts: entry.attempts,
      acceptedAtMs,
      finishedAtMs: this.#core.nowMs(),
    }
    const onward = this.#onward(message.meta?.callbacks)
    const extras = this.#extras(message, acceptedAtMs, how.code, onward)
    writeFinal(journal.begin(), live.queue.number, entry.position, outcome, extras)
    const lsn = journal.end(recordTypes.final)
    outcomes.feedLast(lsn, outcomeKind)
    if (entry.state !== entryStates.gone) live.queue.remove(entry)
    this.#release(entry, outcome, lsn)
    if (onward.length > 0) this.#sendOnward(outcome, message, acceptedAtMs, onward)
    for (const gather of state.gathers.finished(message.id)) this.#parts.gathered(gather.request.id)
  }

  /** The id stays live until its outcome is durable, so that it is one or the other to everybody. */
  #release(entry: Entry, outcome: StoredOutcome, lsn: number): void {
    const { journal, state, outcomes } = this.#core
    journal.whenDurable((error) => {
      if (error) return
      state.release(entry)
      outcomes.show(outcome, lsn)
    })
  }

  #onward(callbacks: readonly CallbackTarget[] | undefined): Onward[] {
    if (!callbacks) return []
    return callbacks.map(({ name, context }) => {
      const { queue, subscribers } = this.#parts.callbackQueue(name)
      const atOnce = queue.waiting === 0 && subscribers.some((one) => one.hasCredit)
      return {
        callback: name,
        context,
        queueNumber: queue.number,
        position: queue.nextPosition++,
        delivered: atOnce,
      }
    })
  }

  #extras(
    message: Message,
    acceptedAtMs: number,
    code: string,
    onward: readonly Onward[],
  ): FinalExtras | undefined {
    const deadLetter = isBuiltinCode(code) && builtinCodes[code].deadLetter
    if (!deadLetter && onward.length === 0) return undefined
    const scratch = this.#scratch
    scratch.length = 0
    writeAccept(scratch, message, acceptedAtMs, [])
    return { acceptPayload: scratch.taken(), deadLetter, onward }
  }

  /** Homecomings: entries in the queues of the callbacks, whose record is the final record itself. */
  #sendOnward(
    outcome: StoredOutcome,
    message: Message,
    acceptedAtMs: number,
    onward: readonly Onward[],
  ): void {
    const { journal, state } = this.#core
    const final = { outcome, accepted: { message, acceptedAtMs, entries: [] }, onward }
    onward.forEach((one, n) => {
      const live = this.#core.queue(callbackQueue(one.callback)) as LiveQueue
      const entry = new Entry(
        one.position,
        0,
        homecomingKind + n,
        0,
        Number.POSITIVE_INFINITY,
        journal.segment,
        journal.recordFrom,
        journal.recordBytes,
      )
      entry.acceptedAtMs = outcome.finishedAtMs
      state.hold(entry)
      live.accepted++
      if (one.delivered) this.#bringHome(live, entry, homecomingMessage(final, n))
      else live.queue.push(entry)
    })
  }

  /** Handed out after the outcome is durable: a callback never comes before it (invariant 30). */
  #bringHome(live: LiveQueue, entry: Entry, message: Message): void {
    const { delivering } = this.#parts
    const subscriber = live.nextSubscriber()
    entry.attempts = 1
    live.queue.pushHeld(entry)
    if (!subscriber) {
      // Several onward pieces took the last credit between them: the attempt on record is excused.
      this.giveBack(live, entry, 0, true)
      return
    }
    live.limiter.start()
    const delivery = delivering.hold(live, entry, message, subscriber)
    this.#core.journal.whenDurable((error) => {
      if (!error) delivering.handOutSoon(delivery)
    })
  }
}

/** Before anything is changed: a settlement that is refused leaves the delivery held. */
function checkSettlement(settlement: Settlement, id: string): void {
  if (settlement.kind === 'final') {
    checkOutcome(settlement.code, settlement.contentType, settlement.body, id)
  } else if (settlement.kind === 'retry') {
    checkOutcome(settlement.code, jsonContentType, settlement.body, id)
    if (!(settlement.delayMs >= 0 && settlement.delayMs <= limits.durationMsMax)) {
      throw new HomingError(
        'bad-duration',
        `the delay of a retry is ${settlement.delayMs} ms; give 0 to ${limits.durationMsMax}`,
      )
    }
  }
}
