/*
 * Taking deliveries from a queue for one request: a subscription that lives until the last of them is settled.
 *
 *   subscribe ─▶ first deliveries ─▶ end of this turn ─▶ what is on its way ─▶ taken: these are held
 *             └▶ nothing in time, client gone ─▶ closed: what was on its way goes back, and does not count
 *
 * Rule: what has come is either handed to the client as leases or given back.
 */

import type { Clock } from '../../clock.ts'
import type { Engine, Subscription, SubscriptionHandler } from '../../engine.ts'
import type { Delivery, Revocation } from '../../message/delivery.ts'

/** Bodies taken by one request beyond which no more are. */
const bytesMax = 16 * 1024 * 1024
/** A disk that fails hands nothing out. */
const comingMsMax = 10_000

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

/** An engine that tells what is on its way, and asks before it sends more. */
interface AskedHandler extends SubscriptionHandler {
  mayDeliver(): boolean
  onItsWay(change: 1 | -1): void
}

export class Taking {
  readonly #parts: TakingParts
  /** Transient messages come before it is there. */
  readonly #subscription: Subscription | undefined
  readonly #held = new Set<Delivery>()
  #bytes = 0
  #isClosed = false
  #mayTake = true
  /** Taken from the queue for it, and not handed to it yet. */
  #coming = 0
  /** Something came, or comes no more. */
  #changed: (() => void) | undefined

  /** Fails with `queue-unknown`, `closed`. */
  constructor(parts: TakingParts, { queue, max, consumerName }: Take) {
    this.#parts = parts
    const handler: AskedHandler = {
      mayDeliver: () => this.#mayTake,
      onItsWay: (change) => {
        this.#coming += change
        this.#changed?.()
      },
      deliver: (delivery) => this.#deliver(delivery),
      revoke: (delivery, reason) => {
        if (this.#held.delete(delivery)) this.#parts.revoked(delivery, reason)
      },
    }
    this.#subscription = parts.engine.subscribe(queue, { prefetch: max, consumerName }, handler)
  }

  /** What came, when it came in time. */
  async taken({ waitMs, signal }: Take): Promise<readonly Delivery[]> {
    // At once: what others give back in this turn is not for who has gone.
    const gone = (): void => this.#subscription?.stop()
    signal.addEventListener('abort', gone, { once: true })
    if (signal.aborted) gone()
    await this.#until(waitMs, signal, () => this.#held.size > 0)
    this.#mayTake = false
    // What is on its way is on record as delivered to it, and is there in a moment.
    await this.#until(comingMsMax, signal, () => this.#coming === 0)
    this.#subscription?.stop()
    signal.removeEventListener('abort', gone)
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
    if (this.#bytes >= bytesMax) this.#mayTake = false
    // Others of this turn come along.
    this.#parts.clock.soon(() => this.#changed?.())
  }

  /** Until it is so, the time is over, or nobody waits any more. */
  #until(waitMs: number, signal: AbortSignal, isSo: () => boolean): Promise<void> {
    if (isSo() || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const over = (): void => {
        timer.cancel()
        signal.removeEventListener('abort', over)
        this.#changed = undefined
        resolve()
      }
      const timer = this.#parts.clock.after(waitMs, over)
      signal.addEventListener('abort', over, { once: true })
      this.#changed = () => {
        if (isSo()) over()
      }
    })
  }
}
