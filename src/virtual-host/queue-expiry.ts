/*
 * Queues that go when nobody uses them (`x-expires`): no consumer, not declared again, not read from.
 *
 *   used ──▶ timer ──▶ used since? ─ yes ─▶ timer for the rest
 *                                  └ no ──▶ deleted
 *
 * One timer a queue, not one a use. A restart counts as a use.
 */

import type { Clock, Timer } from '../clock.ts'
import type { HostQueue } from './host-queue.ts'

export class QueueExpiry {
  readonly #clock: Clock
  readonly #expired: (queue: HostQueue) => void
  readonly #timers = new Map<HostQueue, Timer>()

  constructor(clock: Clock, expired: (queue: HostQueue) => void) {
    this.#clock = clock
    this.#expired = expired
  }

  /** The queue was used just now. */
  used(queue: HostQueue): void {
    if (queue.expiresMs === undefined) return
    queue.usedAtMs = this.#clock.monotonicMs()
    if (!this.#timers.has(queue)) this.#wait(queue, queue.expiresMs)
  }

  /** Its time may have changed. */
  changed(queue: HostQueue): void {
    this.forget(queue)
    this.used(queue)
  }

  forget(queue: HostQueue): void {
    this.#timers.get(queue)?.cancel()
    this.#timers.delete(queue)
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }

  #wait(queue: HostQueue, delayMs: number): void {
    this.#timers.set(
      queue,
      this.#clock.after(delayMs, () => this.#look(queue)),
    )
  }

  #look(queue: HostQueue): void {
    this.#timers.delete(queue)
    const { expiresMs } = queue
    if (expiresMs === undefined || queue.live.deleted) return
    const restMs =
      queue.consumerCount > 0 ? expiresMs : queue.usedAtMs + expiresMs - this.#clock.monotonicMs()
    if (restMs > 0) this.#wait(queue, restMs)
    else this.#expired(queue)
  }
}
