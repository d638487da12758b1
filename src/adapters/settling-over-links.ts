/*
 * Settling over links that may be lost in the middle of it.
 *
 *   asked on the link of the delivery ──▶ its answer
 *              └── lost: did it arrive? ── final: the outcome is looked up on the next link
 *                                              same code and body stand ⇒ accepted
 *                                              another one stands       ⇒ late, by `settled`
 *                                              none stands              ⇒ late, by `closed`
 *                                      └── retry, return, acknowledge ⇒ late, by `closed`
 *
 * Rule: a delivery is settled on its own link or not at all. What is told late by mistake is harmless:
 * the outcome that stands is the one that everybody is told.
 */

import type { Answer } from '../message/outcome.ts'
import type { Settled, Settlement } from '../message/settlement.ts'
import type { LinkedDelivery } from './linked-delivery.ts'
import type { OpenCalls } from './open-calls.ts'

const settledMeanwhile: Settled = { accepted: false, by: 'settled' }
const closedMeanwhile: Settled = { accepted: false, by: 'closed' }

/** A consumer that closes waits for its settlements: not as long as for a send, unless that is short itself. */
const settlingMs = (patienceMs: number): number =>
  Math.min(patienceMs, Math.max(patienceMs / 3, 10_000))

type FinalSettlement = Extract<Settlement, { kind: 'final' }>

export class SettlingOverLinks {
  readonly #calls: OpenCalls
  readonly #patienceMs: number

  constructor(calls: OpenCalls, patienceMs: number) {
    this.#calls = calls
    this.#patienceMs = settlingMs(patienceMs)
  }

  settle(delivery: LinkedDelivery, settlement: Settlement): Promise<Settled> {
    const { over, settling } = delivery
    if (settling !== undefined) return this.#second(settling, delivery, settlement)
    if (over !== undefined) return Promise.resolve({ accepted: false, by: over })
    const { promise, resolve, reject } = Promise.withResolvers<Settled>()
    delivery.settling = promise
    this.#calls.add({
      ask: (link) => link.settle(delivery.origin, settlement),
      what: `the settlement of message "${delivery.message.id}"`,
      patienceMs: this.#patienceMs,
      done: (settled: Settled) => {
        ended(delivery, settled)
        resolve(settled)
      },
      failed: (error) => {
        delivery.settling = undefined
        reject(error)
      },
      onLost: () => {
        delivery.over ??= 'closed'
        if (settlement.kind === 'final') this.#lookUp(delivery, settlement, resolve, reject)
        else resolve(closedMeanwhile)
      },
    })
    return promise
  }

  /** The first one wins, unless it fails. */
  #second(
    first: Promise<Settled>,
    delivery: LinkedDelivery,
    settlement: Settlement,
  ): Promise<Settled> {
    return first.then(
      (settled) => (settled.accepted ? settledMeanwhile : settled),
      () => this.settle(delivery, settlement),
    )
  }

  #lookUp(
    delivery: LinkedDelivery,
    settlement: FinalSettlement,
    resolve: (settled: Settled) => void,
    reject: (error: unknown) => void,
  ): void {
    const { id } = delivery.message
    this.#calls.add({
      ask: (link) => link.answer(id),
      what: `the settlement of message "${id}"`,
      patienceMs: this.#patienceMs,
      done: (answer: Answer) => resolve(judged(answer, settlement)),
      failed: reject,
    })
  }
}

function ended(delivery: LinkedDelivery, settled: Settled): void {
  delivery.settling = undefined
  delivery.over ??= settled.accepted ? 'settled' : settled.by
  delivery.holder.ended(delivery)
}

function judged(answer: Answer, { code, body }: FinalSettlement): Settled {
  if (answer.state === 'forgotten') return settledMeanwhile
  if (answer.state !== 'final') return closedMeanwhile
  const { outcome } = answer
  const same = outcome.code === code && Buffer.compare(outcome.body, body) === 0
  return same ? { accepted: true } : settledMeanwhile
}
