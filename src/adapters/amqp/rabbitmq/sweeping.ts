/*
 * What nobody is sure to do, done by everybody now and then; the ledger sees to it that it is done once.
 *
 *   deadlines that passed              their outcome is `expired`
 *   callbacks whose sender died        sent
 *   replays whose sender died          published
 *   waiters whose reply went elsewhere told from the ledger
 *   messages that the broker lost      sent again                      open-sends.ts
 */

import type { Clock, Timer } from '../../../clock.ts'
import type { Message } from '../../../message/message.ts'
import type { PendingMessage, SharedLedger } from '../../../shared-ledger/shared-ledger.ts'
import type { Events } from './events.ts'
import type { Finishing } from './finishing.ts'
import { jsonBody } from './json-body.ts'
import type { OpenSends } from './open-sends.ts'
import type { Sending } from './sending.ts'
import type { Topology } from './topology.ts'
import type { Waiters } from './waiters.ts'

export interface SweepingParts {
  readonly ledger: SharedLedger
  readonly finishing: Finishing
  readonly sending: Sending
  readonly topology: Topology
  readonly events: Events
  readonly openSends: OpenSends
  readonly waiters: Waiters
  readonly clock: Clock
  readonly nowMs: () => number
  readonly reply: () => string
  readonly onProblem: (text: string) => void
  readonly isOver: () => boolean
}

const everyMs = 250
/** One's own replies come by themselves; they are asked for only in case they were lost. */
const rareEvery = 8
const atOnce = 200

export class Sweeping {
  readonly #parts: SweepingParts
  #timer: Timer | undefined
  #rounds = 0
  #sweeping: Promise<void> = Promise.resolve()
  #closed = false
  #failing = false

  constructor(parts: SweepingParts) {
    this.#parts = parts
    this.#later()
  }

  #later(): void {
    if (this.#closed || this.#parts.isOver()) return
    this.#timer = this.#parts.clock.after(everyMs, () => {
      this.#sweeping = this.#sweep().finally(() => this.#later())
    })
  }

  async #sweep(): Promise<void> {
    const rarely = this.#rounds++ % rareEvery === 0
    try {
      await this.#askForWaiters(rarely)
      await this.#endOverdue()
      if (rarely) {
        await this.#sendUnsent()
        await this.#sendAgain()
      }
      this.#failing = false
    } catch (error) {
      // Told once: it is tried again all the time.
      if (!this.#failing && !this.#parts.isOver() && !this.#closed) {
        this.#parts.onProblem(`looking after what others left failed, it is tried again: ${error}`)
      }
      this.#failing = true
    }
  }

  #askForWaiters(all: boolean): Promise<void> {
    const { waiters, ledger, openSends } = this.#parts
    return waiters.ask(
      (ids) => ledger.lookUp(ids),
      (id) => all || !openSends.has(id),
    )
  }

  async #endOverdue(): Promise<void> {
    const { ledger, nowMs, finishing, events, openSends } = this.#parts
    const overdue = await ledger.overdue(nowMs(), atOnce)
    if (overdue.length === 0) return
    const ended = await Promise.all(
      overdue.map(async (pending) => {
        const own = openSends.get(pending.id)
        const { sent } = await finishing.finish({
          outcome: this.#expired(pending),
          message: own?.message,
          callbacks: pending.callbacks,
        })
        await sent
        return [pending.id, 'expired'] as const
      }),
    )
    events.tellEnded(ended)
  }

  #expired({ id, queue, acceptedAtMs, deadlineAtMs }: PendingMessage) {
    const finishedAtMs = this.#parts.nowMs()
    const how = jsonBody({ deadlineAtMs })
    return { id, queue, code: 'expired', ...how, attempts: 0, acceptedAtMs, finishedAtMs }
  }

  async #sendUnsent(): Promise<void> {
    const { ledger, finishing } = this.#parts
    await finishing.sendCallbacks(await ledger.unsent(atOnce))
    const messages = await ledger.unpublished(atOnce)
    await Promise.all(messages.map((message) => this.publishReplay(message)))
  }

  /** A message that the ledger holds until it is confirmed. */
  async publishReplay(message: Message): Promise<void> {
    const { ledger, sending, openSends, nowMs, reply } = this.#parts
    const carried = { message, acceptedAtMs: nowMs(), attempts: 0, excused: 0, reply: reply() }
    openSends.add(carried, nowMs())
    await sending.send(carried)
    await ledger.confirmed([message.id])
  }

  async #sendAgain(): Promise<void> {
    const { openSends, nowMs, topology, ledger, sending, reply, onProblem } = this.#parts
    const { queues, overdue } = openSends.suspects(nowMs())
    for (const [queue, ids] of queues) {
      const found = await topology.find(queue)
      if (found === undefined || found.messageCount === 0) openSends.seenEmpty(ids, nowMs())
    }
    if (overdue.length === 0) return
    const entries = await ledger.lookUp(overdue.map(({ message }) => message.id))
    for (const [n, carried] of overdue.entries()) {
      const state = entries[n]?.state
      if (state === 'final' || state === 'forgotten') openSends.delete(carried.message.id)
      else {
        const { id, routingKey } = carried.message
        onProblem(`nothing is heard of message ${id}, it is sent to queue "${routingKey}" again`)
        await sending.send({ ...carried, reply: reply() })
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#sweeping
  }
}
