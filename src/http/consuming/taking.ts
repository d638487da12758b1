/*
 * Taking deliveries from a queue for one request: a subscription that lives until the last of them is settled.
 *
 *   subscribe ─▶ first deliveries ─▶ end of this turn ─▶ taken: no more come, these are held
 *             └▶ nothing in time, client gone ─▶ closed: what was on its way goes back, and does not count
 *
 * Rule: what has come is either handed to the client as leases or given back.
 */

import type { Clock } from '../../clock.ts'
import type { Engine, Subscription } from '../../engine.ts'
import type { Delivery, Revocation } from '../../message/delivery.ts'

/** Bodies taken by one request beyond which no more are. */
const bytesMax = 16 * 1024 * 1024

export interface TakingParts {
  readonly engine: Engine
  readonly clock: Clock
  /** Told of each delivery that is taken away, once it was handed to the client. */
  readonly revoked: (delivery: Delivery, reason: Revocation) => void
  readonly onProblem: (error: unknown) => void
}

export interface Take {
  /** The engine's. */
  readonly queue: string
  readonly max: number
  readonly waitMs: number
  readonly consumerName: string
  readonly signal: AbortSignal
}

export class Taking {
  readonly #parts: TakingParts
  /** Transient messages come before it is there. */
  readonly #subscription: Subscription | undefined
  readonly #held = new Set<Delivery>()
  #bytes = 0
  #isClosed = false
  /** Ends the wait. */
  #come: (() => void) | undefined

  /** Fails with `queue-unknown`, `closed`. */
  constructor(parts: TakingParts, { queue, max, consumerName }: Take) {
    this.#parts = parts
    const options = { prefetch: max, consumerName }
    this.#subscription = parts.engine.subscribe(queue, options, {
      deliver: (delivery) => this.#deliver(delivery),
      revoke: (delivery, reason) => {
        if (this.#held.delete(delivery)) this.#parts.revoked(delivery, reason)
      },
    })
  }

  /** What came, when it came in time. */
  async taken({ waitMs, signal }: Take): Promise<readonly Delivery[]> {
    if (this.#held.size === 0 && !signal.aborted) await this.#wait(waitMs, signal)
    else this.#subscription?.stop()
    return signal.aborted ? [] : [...this.#held]
  }

  /** It is settled, or given back by itself. */
  ended(delivery: Delivery): void {
    this.#held.delete(delivery)
    if (this.#held.size === 0) this.close()
  }

  /** Gives back what is still held; that does not count as an attempt. */
  async giveBack(): Promise<void> {
    this.#subscription?.stop()
    const { engine } = this.#parts
    const back = [...this.#held].map((delivery) => engine.settle(delivery, { kind: 'return' }))
    this.#held.clear()
    await Promise.all(back)
    this.close()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#subscription?.close().catch(this.#parts.onProblem)
  }

  #deliver(delivery: Delivery): void {
    this.#held.add(delivery)
    this.#bytes += delivery.message.body.length
    if (this.#bytes >= bytesMax) this.#subscription?.stop()
    const come = this.#come
    this.#come = undefined
    // Others of this turn come along.
    if (come !== undefined) this.#parts.clock.soon(come)
  }

  #wait(waitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        // At once: what others give back in this turn is not for it.
        this.#subscription?.stop()
        timer.cancel()
        signal.removeEventListener('abort', over)
        this.#come = undefined
        resolve()
      }
      const timer = this.#parts.clock.after(waitMs, over)
      signal.addEventListener('abort', over, { once: true })
      this.#come = over
    })
  }
}
