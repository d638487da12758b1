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

import type { DeathReason } from '../amqp/protocol/dead-letter-headers.ts'
import { ByteWriter } from '../bytes.ts'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Revocation } from '../message/delivery.ts'
import { type CallbackTarget, type Message, notification } from '../message/message.ts'
import { builtinCodes, isBuiltinCode, type StoredOutcome } from '../message/outcome.ts'
import type { PlainMessage } from '../message/plain-message.ts'
import type { Settled, Settlement } from '../message/settlement.ts'
import type { Attempts } from './attempts.ts'
import type { Core } from './core.ts'
import type { Delivering } from './delivering.ts'
import { type Asked, accepted, Finality } from './finality.ts'
import { gatheredPrefix } from './gathers.ts'
import { writeAccept } from './journal/accept-record.ts'
import { writePositions, writeRequeue } from './journal/entry-records.ts'
import {
  type FinalExtras,
  type FinalStory,
  type Onward,
  writeFinal,
} from './journal/final-record.ts'
import { recordTypes } from './journal/record.ts'
import { outcomeKind } from './ledger/ledger-event.ts'
import type { DeliveryTold, HeldDelivery, LiveQueue } from './live-queue.ts'
import { notificationMessage } from './notification.ts'
import type { OnwardSending } from './onward-sending.ts'
import { checkOutcome } from './port-checks.ts'
import { type Entry, entryStates, messageKind, plainKind } from './queue/entry.ts'

export interface OutcomeBody {
  readonly code: string
  readonly contentType: string
  readonly body: Uint8Array
}

export interface SettlingParts {
  readonly core: Core
  readonly attempts: Attempts
  readonly delivering: Delivering
  readonly onward: OnwardSending
  /** The same with an outcome to come: under its id, into the next queue. False when none takes it. */
  moveOn(live: LiveQueue, message: Message, reason: DeathReason): boolean
  /** Acknowledged, and its reply is still to come. */
  awaitReply(live: LiveQueue, entry: Entry, message: Message): void
  /** A notification for a queue that is not durable, or for no queue at all. */
  tellElsewhere(queue: string, message: PlainMessage): void
  /** A gather has its last outcome. */
  gathered(id: string): void
  /** Plain messages that die go to their dead-letter exchange. */
  dead(live: LiveQueue, message: Message, reason: DeathReason): void
}

const toldOfGather: OutcomeBody = { code: 'ok', contentType: '', body: new Uint8Array(0) }
/** Done by a consumer that has no result to give. */
export const acknowledged: OutcomeBody = { code: 'ok', contentType: '', body: new Uint8Array(0) }
const returned: DeliveryTold = { end: 'returned' }
const none: readonly Onward[] = []
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
    const { live, message } = delivery
    try {
      checkSettlement(settlement, message.id)
    } catch (error) {
      return Promise.reject(error)
    }
    live.settled++
    const settled =
      delivery.entry.kind === plainKind
        ? this.#actOnPlain(delivery, settlement)
        : this.#act(delivery, settlement)
    this.#parts.delivering.pump(live)
    return settled
  }

  /** A plain message has no outcome: what failed is dead-lettered. */
  #actOnPlain(delivery: HeldDelivery, settlement: Settlement): Promise<Settled> {
    const { live, entry, message } = delivery
    if (settlement.kind === 'return') this.#back(delivery, 0, returned)
    else if (settlement.kind === 'retry') {
      const { delayMs } = settlement
      const availableAtMs = delayMs > 0 ? this.#core.nowMs() + delayMs : 0
      this.#back(delivery, availableAtMs, { end: 'retried', failure: settlement })
    } else {
      const failed = settlement.kind === 'final' && settlement.code !== 'ok'
      if (failed) delivery.told = { end: 'rejected', failure: settlement }
      this.#leave(delivery)
      if (failed) this.died(live, entry, message, 'rejected')
      else this.remove(live, [entry])
    }
    return this.#durable()
  }

  #act(delivery: HeldDelivery, settlement: Settlement): Promise<Settled> {
    const { live, entry, message } = delivery
    switch (settlement.kind) {
      case 'final':
        if (settlement.code !== 'ok') delivery.told = { failure: settlement }
        this.#leave(delivery)
        return new Promise((resolve, reject) => {
          const asked = { resolve, reject }
          this.finish(live, entry, message, entry.acceptedAtMs, settlement, asked)
        })
      case 'acknowledge':
        this.#leave(delivery)
        // That a gather was told is known as long as outcomes are: its id is unique for ever.
        if (message.idChosen && message.id.startsWith(gatheredPrefix)) {
          this.finish(live, entry, message, entry.acceptedAtMs, toldOfGather)
        } else {
          // That it was told after it had failed is worth a record.
          if (entry.attempts > 1) this.#parts.attempts.settled(entry)
          this.remove(live, [entry])
        }
        return this.#durable()
      case 'return':
        this.#back(delivery, 0, returned)
        return this.#durable()
      case 'retry':
        this.#retry(delivery, settlement)
        return this.#durable()
      default:
        throw new HomingError(
          'bad-argument',
          `settlement kind ${String((settlement satisfies never as Settlement).kind)} is not known`,
        )
    }
  }

  #durable(): Promise<Settled> {
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
      this.#back(delivery, availableAtMs, { end: 'retried', failure: settlement })
      return
    }
    delivery.told = { failure: settlement }
    this.#leave(delivery)
    const { code, body } = settlement
    const how = { code, contentType: jsonContentType, body }
    this.finish(live, entry, message, entry.acceptedAtMs, how)
  }

  /** Back to the old position. */
  #back(delivery: HeldDelivery, availableAtMs: number, told: DeliveryTold): void {
    delivery.told = told
    this.#leave(delivery)
    this.giveBack(delivery.live, delivery.entry, availableAtMs, told === returned)
  }

  giveBack(live: LiveQueue, entry: Entry, availableAtMs: number, excused: boolean): void {
    const { journal } = this.#core
    this.#parts.attempts.gaveBack(entry, availableAtMs, excused)
    if (excused) entry.excused++
    if (entry.message) {
      // Zero: the queue had no time to live when it was accepted.
      const acceptedAtMs = entry.acceptedAtMs || this.#core.nowMs()
      entry.deadlineAtMs = live.waitsUntilMs(entry.message, acceptedAtMs)
      live.came(entry.message)
      this.#core.observer?.waits(entry, entry.message)
    }
    if (!entry.transient) {
      entry.message = undefined
      writeRequeue(journal.begin(), live.queue.number, entry.position, availableAtMs, excused)
      journal.end(recordTypes.requeue)
    }
    live.queue.giveBack(entry, availableAtMs, this.#core.nowMs())
    this.#core.wakeAt(live.queue.dueAtMs)
  }

  /** A delivery whose consumer left before it was handed out: for the others, and not counted. */
  giveBackUnseen(delivery: HeldDelivery): void {
    if (this.#core.journal.failure) return
    const { live, entry } = delivery
    this.#parts.delivering.release(delivery, 'closed')
    this.giveBack(live, entry, 0, true)
    this.#parts.delivering.pump(live)
  }

  /** Takes a delivery away from its consumer: what it does with it from now on is refused. */
  revoke(delivery: HeldDelivery, reason: Revocation): void {
    this.#parts.delivering.release(delivery, reason)
    if (!delivery.seen) return
    try {
      delivery.subscriber.handler.revoke(delivery, reason)
    } catch (error) {
      this.#core.onProblem(`a consumer of queue "${delivery.live.queue.name}" threw: ${error}`)
    }
  }

  /** The attempt took too long: back to its place, or `lost` when it was the last. */
  timedOut(live: LiveQueue, entry: Entry): void {
    const delivery = entry.holder as HeldDelivery
    const { message } = delivery
    if (entry.kind === plainKind) {
      entry.timeoutAtMs = Number.POSITIVE_INFINITY
      delivery.subscriber.handler.heldTooLong?.(delivery)
      return
    }
    this.revoke(delivery, 'timeout')
    if (entry.attempts - entry.excused < message.attemptsMax) this.giveBack(live, entry, 0, false)
    else this.lose(live, entry, message)
  }

  /** No attempt is left, and none was answered. */
  lose(live: LiveQueue, entry: Entry, message: Message): void {
    this.copyDead(live, message, 'delivery_limit')
    const how = jsonBody('lost', { attempts: entry.attempts })
    this.finish(live, entry, message, entry.acceptedAtMs, how)
  }

  /** Entries leave without an outcome. */
  remove(live: LiveQueue, entries: readonly Entry[]): void {
    const { journal, state } = this.#core
    const positions: number[] = []
    for (const entry of entries) if (!entry.transient) positions.push(entry.position)
    if (positions.length > 0) {
      writePositions(journal.begin(), live.queue.number, positions)
      journal.end(recordTypes.remove)
    }
    for (const entry of entries) {
      if (entry.state !== entryStates.gone) live.queue.remove(entry)
      state.release(entry)
    }
  }

  /** A plain message is over without having been acknowledged: its copies first, then its end. */
  died(live: LiveQueue, entry: Entry, message: Message, reason: DeathReason): void {
    this.copyDead(live, message, reason)
    this.remove(live, [entry])
  }

  /** Done, by a consumer that has no result to give: `ok`, unless a reply is still to come. */
  acknowledged({ live, entry, message }: HeldDelivery): void {
    this.#acknowledge(live, entry, message)
  }

  #acknowledge(live: LiveQueue, entry: Entry, message: Message): void {
    if (message.meta?.awaitsReply) {
      this.#parts.attempts.settled(entry)
      this.#parts.awaitReply(live, entry, message)
    } else this.finish(live, entry, message, entry.acceptedAtMs, acknowledged)
  }

  /** A copy for the dead-letter exchange of the queue, when it has one. */
  copyDead(live: LiveQueue, message: Message, reason: DeathReason): void {
    if (live.queue.settings.deadLetter) this.#parts.dead(live, message, reason)
  }

  /** A message with an outcome goes on through the dead-letter exchange. False when it cannot. */
  movedOn(live: LiveQueue, entry: Entry, message: Message, reason: DeathReason): boolean {
    if (!live.queue.settings.deadLetter || !this.#parts.moveOn(live, message, reason)) return false
    this.remove(live, [entry])
    return true
  }

  /** Its consumer acknowledges nothing. */
  handedOver(delivery: HeldDelivery): void {
    const { live, entry, message } = delivery
    this.#leave(delivery)
    live.settled++
    if (entry.kind === messageKind) this.#acknowledge(live, entry, message)
    else if (delivery.isGoneOnRecord) {
      live.queue.remove(entry)
      this.#core.state.release(entry)
    } else this.remove(live, [entry])
  }

  /**
   * The entry leaves with its outcome; it must not be held any more. Gone rows are passed as they are.
   * `asked` is who waits for the settlement to be durable.
   */
  finish(
    live: LiveQueue,
    entry: Entry,
    message: Message,
    acceptedAtMs: number,
    how: OutcomeBody,
    asked?: Asked,
  ): void {
    const { journal, state, outcomes } = this.#core
    const { onward } = this.#parts
    const outcome: StoredOutcome = {
      id: message.id,
      queue: message.meta?.workedOn?.queue ?? live.queue.name,
      code: how.code,
      contentType: how.contentType,
      body: how.body,
      attempts: entry.attempts + (message.meta?.workedOn?.attempts ?? 0),
      acceptedAtMs,
      finishedAtMs: this.#core.nowMs(),
    }
    const callbacks = message.meta?.callbacks
    const planned = callbacks ? onward.plan(callbacks, how.code) : none
    const story = this.#parts.attempts.story(entry, message)
    const extras = this.#extras(message, acceptedAtMs, how.code, planned, story)
    writeFinal(journal.begin(), live.queue.number, entry.position, outcome, extras)
    const lsn = journal.end(recordTypes.final)
    outcomes.feedLast(lsn, outcomeKind)
    this.#core.tally.ended(live, how.code)
    this.#core.observer?.finishes(entry, { message, outcome }, journal)
    journal.tellDurable(new Finality(this.#core, entry, outcome, lsn, asked))
    if (callbacks) this.#tellElsewhere(outcome, message, callbacks)
    if (entry.state !== entryStates.gone) live.queue.remove(entry)
    if (planned.length > 0) onward.send(outcome, message, acceptedAtMs, planned)
    for (const gather of state.gathers.finished(message.id)) this.#parts.gathered(gather.request.id)
  }

  /** Who asked to be notified where no durable queue is: a direct reply, a passing queue. */
  #tellElsewhere(
    outcome: StoredOutcome,
    message: Message,
    callbacks: readonly CallbackTarget[],
  ): void {
    for (const { name, queue, onlyFailure } of callbacks) {
      if (name !== notification || queue === undefined) continue
      if ((onlyFailure && outcome.code === 'ok') || this.#core.queue(queue)?.durable) continue
      const told = notificationMessage(outcome, message)
      this.#core.journal.whenDurable((error) => {
        if (!error) this.#parts.tellElsewhere(queue, told)
      })
    }
  }

  #extras(
    message: Message,
    acceptedAtMs: number,
    code: string,
    onward: readonly Onward[],
    story: FinalStory | undefined,
  ): FinalExtras | undefined {
    const deadLetter = isBuiltinCode(code) && builtinCodes[code].deadLetter
    if (!deadLetter && onward.length === 0) {
      if (story === undefined) return undefined
      return { acceptPayload: undefined, deadLetter, onward, story }
    }
    const scratch = this.#scratch
    scratch.length = 0
    writeAccept(scratch, message, acceptedAtMs, [])
    return { acceptPayload: scratch.taken(), deadLetter, onward, story }
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
