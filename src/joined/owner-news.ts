/*
 * What is told of owners that go: nothing while there is another one soon, and nothing once nobody waits
 * for one any more.
 */

import type { Clock, Timer } from '../clock.ts'

const toldAfterMs = 3_000

export class OwnerNews {
  readonly #tell: (text: string) => void
  readonly #clock: Pick<Clock, 'after'>
  #timer: Timer | undefined
  #isTold = false

  constructor(tell: (text: string) => void, clock: Pick<Clock, 'after'>) {
    this.#tell = tell
    this.#clock = clock
  }

  lost(text: string): void {
    this.#timer ??= this.#clock.after(toldAfterMs, () => {
      this.#timer = undefined
      this.#isTold = true
      this.#tell(text)
    })
  }

  back(text: string): void {
    this.end()
    if (this.#isTold) this.#tell(text)
    this.#isTold = false
  }

  /** The engine is closed. */
  end(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
