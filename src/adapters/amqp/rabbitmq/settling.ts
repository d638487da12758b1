/*
 * How deliveries end.
 *
 *   answered    outcome into the ledger, sent, acknowledged                     finishing.ts
 *   put back    a copy with the attempt counted, confirmed, then acknowledged   (retry, return, time-out)
 *   revoked     time-out, deadline, cancel: the consumer is told, and is late from then on
 *
 * Rule: the first end of a delivery wins, at the moment it is asked for. When it cannot be carried out
 * the delivery is held again, and the consumer may try once more.
 */

import { type Clock, sleep } from '../../../clock.ts'
import { checkOutcome } from '../../../embedded/port-checks.ts'
import { HomingError } from '../../../errors.ts'
import { limits } from '../../../limits.ts'
import type { StoredOutcome } from '../../../message/outcome.ts'
import type { Settled, Settlement } from '../../../message/settlement.ts'
import type { SharedLedger } from '../../../shared-ledger/shared-ledger.ts'
import type { Finished, Finishing } from './finishing.ts'
import type { HeldDelivery, Late } from './held-delivery.ts'
import { jsonBody } from './json-body.ts'
import type { Sending } from './sending.ts'
import { Wakes } from './wakes.ts'

export interface SettlingParts {
  readonly ledger: SharedLedger
  readonly sending: Sending
  readonly finishing: Finishing
  readonly clock: Clock
  readonly nowMs: () => number
  readonly onProblem: (text: string) => void
  readonly isOver: () => boolean
}

/** Time that a queue gets which is full, before what it does not take back goes back as it was. */
const fullMs = 1_000
const againMs = 2_000

export class Settling {
  readonly #parts: SettlingParts
  /** Ends under way, for closing, and who waits until there are none. */
  #ending = 0
  #idle: (() => void)[] = []
  readonly #wakes: Wakes<HeldDelivery>

  constructor(parts: SettlingParts) {
    this.#parts = parts
    const { clock, nowMs } = parts
    this.#wakes = new Wakes({ clock, nowMs, wake: (held) => this.#outOfTime(held) })
  }

  settle(held: HeldDelivery, settlement: Settlement): Promise<Settled> {
    if (held.over !== undefined) return Promise.resolve({ accepted: false, by: held.over })
    checkSettlement(settlement, held.message.id)
    held.over = 'settled'
    this.#wakes.delete(held)
    return this.#kept(this.#carryOut(held, settlement)).catch((error: unknown) => {
      if (!this.#parts.isOver()) {
        held.over = undefined
        this.watch(held)
      }
      throw error
    })
  }

  #carryOut(held: HeldDelivery, settlement: Settlement): Promise<Settled> {
    switch (settlement.kind) {
      case 'final':
        return this.#finish(held, settlement)
      case 'retry':
        return this.#canTryAgain(held)
          ? this.#putBack(held, settlement.delayMs, false)
          : this.#finish(held, { ...settlement, contentType: 'application/json' })
      case 'return':
        return this.#putBack(held, 0, true)
      case 'acknowledge':
        this.#leave(held)
        return Promise.resolve({ accepted: true })
      default:
        return Promise.reject(
          new HomingError(
            'bad-argument',
            `settlement kind ${String((settlement satisfies never as Settlement).kind)} is not known`,
          ),
        )
    }
  }

  #canTryAgain({ attempt, carried }: HeldDelivery): boolean {
    return attempt - carried.excused < carried.message.attemptsMax
  }

  #finish(
    held: HeldDelivery,
    how: Pick<StoredOutcome, 'code' | 'contentType' | 'body'>,
  ): Promise<Settled> {
    const { message, reply } = held.carried
    const { finishing, ledger } = this.#parts
    const outcome = this.#outcome(held, how)
    return finishing.finish({ outcome, message, reply }).then((finished) => {
      const left = finished.sent.then(() => {
        this.#leave(held)
        return settledBy(finished)
      })
      // Others can ask the ledger, or learn it only when it has been sent.
      if (ledger.kind === 'memory') return left
      this.#kept(left).catch(() => undefined)
      return settledBy(finished)
    })
  }

  #outcome(
    held: HeldDelivery,
    { code, contentType, body }: Pick<StoredOutcome, 'code' | 'contentType' | 'body'>,
  ): StoredOutcome {
    return {
      id: held.message.id,
      queue: held.queue,
      code,
      contentType,
      body,
      attempts: held.attempt,
      acceptedAtMs: held.acceptedAtMs,
      finishedAtMs: this.#parts.nowMs(),
    }
  }

  #leave(held: HeldDelivery): void {
    held.holder.acknowledge(held)
    held.holder.release(held)
  }

  async #putBack(held: HeldDelivery, delayMs: number, excused: boolean): Promise<Settled> {
    const { carried } = held
    const availableAtMs = delayMs > 0 ? this.#parts.nowMs() + delayMs : 0
    try {
      await this.#parts.sending.send({
        ...carried,
        message: { ...carried.message, availableAtMs },
        attempts: held.attempt,
        excused: carried.excused + (excused ? 1 : 0),
      })
    } catch (error) {
      if (!(error instanceof HomingError) || error.code !== 'queue-full') throw error
      await sleep(this.#parts.clock, fullMs)
      held.holder.requeue(held)
      held.holder.release(held)
      return { accepted: true }
    }
    this.#leave(held)
    if (carried.reply !== undefined) {
      this.#parts.sending.note(carried.reply, held.message.id, availableAtMs)
    }
    return { accepted: true }
  }

  /** Takes the time of the attempt, from now on. */
  watch(held: HeldDelivery): void {
    const { timeoutMs, deadlineAtMs } = held.message
    const nowMs = this.#parts.nowMs()
    held.timeoutAtMs = timeoutMs > 0 ? nowMs + timeoutMs : Number.POSITIVE_INFINITY
    this.#wakes.add(held, Math.min(deadlineAtMs, held.timeoutAtMs))
  }

  #outOfTime(held: HeldDelivery): void {
    const { message, carried } = held
    if (message.deadlineAtMs <= this.#parts.nowMs()) {
      this.revoke(held, 'expired')
      const data = { deadlineAtMs: message.deadlineAtMs }
      this.#insist(held, () => this.#finish(held, { code: 'expired', ...jsonBody(data) }))
    } else {
      this.revoke(held, 'timeout')
      const isLast = held.attempt - carried.excused >= message.attemptsMax
      const data = { attempts: held.attempt }
      this.#insist(held, () =>
        isLast
          ? this.#finish(held, { code: 'lost', ...jsonBody(data) })
          : this.#putBack(held, 0, false),
      )
    }
  }

  /** No longer held: its time is nobody's any more. */
  unwatch(held: HeldDelivery): void {
    this.#wakes.delete(held)
  }

  /** The link is over: what was held is the server's again. */
  end(): void {
    this.#wakes.end()
  }

  /** Another one has ended the message. */
  ended(held: HeldDelivery, reason: 'expired' | 'canceled'): void {
    if (held.over !== undefined) return
    this.revoke(held, reason)
    this.#leave(held)
  }

  /** Its consumer closes: back, and the attempt counts, as when it had died. */
  async closeHeld(held: HeldDelivery): Promise<void> {
    this.revoke(held, 'closed')
    await this.#kept(this.#putBack(held, 0, false)).catch((error: unknown) => this.#notBack(error))
  }

  /** Nobody has seen it: as it was. */
  giveBackUnseen(held: HeldDelivery): void {
    const unseen = this.#parts.sending.send(held.carried).then(() => this.#leave(held))
    this.#kept(unseen).catch((error: unknown) => this.#notBack(error))
  }

  /** The server takes it back by itself when the channel closes, and counts it. */
  #notBack(error: unknown): void {
    if (!this.#parts.isOver()) this.#parts.onProblem(`a message is not given back: ${error}`)
  }

  revoke(held: HeldDelivery, reason: Exclude<Late, 'settled'>): void {
    held.over = reason
    this.#wakes.delete(held)
    try {
      held.holder.handler.revoke(held, reason)
    } catch (error) {
      this.#parts.onProblem(`a consumer of queue "${held.queue}" threw: ${error}`)
    }
  }

  /** Nobody else does it while this process has the message. */
  #insist(held: HeldDelivery, end: () => Promise<unknown>): void {
    const attempt = async (): Promise<void> => {
      for (;;) {
        try {
          await end()
          return
        } catch (error) {
          if (this.#parts.isOver()) return
          this.#parts.onProblem(`message ${held.message.id} cannot be ended: ${error}`)
        }
        await sleep(this.#parts.clock, againMs)
      }
    }
    void this.#kept(attempt())
  }

  #kept<T>(work: Promise<T>): Promise<T> {
    this.#ending++
    work.then(this.#ended, this.#ended)
    return work
  }

  readonly #ended = (): void => {
    if (--this.#ending > 0 || this.#idle.length === 0) return
    const told = this.#idle
    this.#idle = []
    for (const tell of told) tell()
  }

  /** Resolves when no end is under way. */
  async idle(): Promise<void> {
    while (this.#ending > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }
}

/** Who ends a message that has its outcome already is late. */
function settledBy({ ended }: Finished): Settled {
  if (ended.state === 'forgotten') return { accepted: false, by: 'settled' }
  if (ended.won) return { accepted: true }
  const { code } = ended.outcome
  return { accepted: false, by: code === 'canceled' || code === 'expired' ? code : 'settled' }
}

/** Before anything is changed: a settlement that is refused leaves the delivery held. */
function checkSettlement(settlement: Settlement, id: string): void {
  if (settlement.kind === 'final') {
    checkOutcome(settlement.code, settlement.contentType, settlement.body, id)
  } else if (settlement.kind === 'retry') {
    checkOutcome(settlement.code, 'application/json', settlement.body, id)
    const { delayMs } = settlement
    if (delayMs >= 0 && delayMs <= limits.durationMsMax) return
    throw new HomingError(
      'bad-duration',
      `the delay of a retry is ${delayMs} ms; give 0 to ${limits.durationMsMax}`,
    )
  }
}
