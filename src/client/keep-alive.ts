/*
 * Node.js ends when nothing is left that could wake it, and an engine's timers do not count. A consumer
 * at work, a schedule and an awaited outcome do: one idle timer stands for all of them.
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

  /** The home is closed; nothing holds any more. */
  end(): void {
    this.#ended = true
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
