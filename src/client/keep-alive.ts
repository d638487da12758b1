/*
 * Node.js ends when nothing is left that could wake it, and an engine's timers do not count. A consumer
 * at work, a schedule, an awaited outcome and an awaited question do: one idle timer stands for all.
 */

const idleMs = 2 ** 30

export class KeepAlive {
  #held = 0
  #timer: NodeJS.Timeout | undefined
  #ended = false

  hold(): void {
    if (this.#held++ > 0 || this.#ended) return
    if (this.#timer === undefined) this.#timer = setInterval(() => {}, idleMs)
    else this.#timer.ref()
  }

  release(): void {
    if (--this.#held === 0) this.#timer?.unref()
  }

  /** Holds until the promise has settled: a caller awaits it, and only an engine's timers drive it. */
  async during<T>(promise: Promise<T>): Promise<T> {
    this.hold()
    try {
      return await promise
    } finally {
      this.release()
    }
  }

  /** The home is closed; nothing holds any more. */
  end(): void {
    this.#ended = true
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
