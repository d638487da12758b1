import { systemClock, type Timer } from '../clock.ts'
import { forgetEveryMs } from './shared-ledger-options.ts'

/** Forgets every minute or so: processes that began together do not do it all at once. */
export class ForgetTimer {
  readonly #forget: () => Promise<unknown>
  readonly #onProblem: (text: string) => void
  #timer: Timer | undefined
  #isStopped = false

  constructor(forget: () => Promise<unknown>, onProblem: (text: string) => void) {
    this.#forget = forget
    this.#onProblem = onProblem
    this.#next()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #next(): void {
    if (this.#isStopped) return
    this.#timer = systemClock.after(forgetEveryMs * (0.5 + Math.random()), () => {
      // What it could not forget now it forgets the next time.
      void this.#forget()
        .catch((error: unknown) => {
          if (!this.#isStopped) this.#onProblem(`forgetting failed: ${(error as Error).message}`)
        })
        .finally(() => this.#next())
    })
  }
}
