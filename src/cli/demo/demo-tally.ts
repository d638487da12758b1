import type { AnyContract, Outcome } from '../../index.ts'
import { Latencies } from '../latencies.ts'

/** The books of one run. */
export class DemoTally {
  sent = 0
  confirmed = 0
  succeeded = 0
  /** Messages that took more than one attempt, and the attempts beyond the first. */
  retried = 0
  furtherAttempts = 0
  /** Messages by the code they failed with. */
  readonly failed = new Map<string, number>()
  /** One id for each code. */
  readonly examples = new Map<string, string>()
  readonly roundTrips = new Latencies()

  came(outcome: Outcome<AnyContract>, ms: number): void {
    const code = outcome.ok ? 'ok' : outcome.error.code
    const attempts = outcome.ok ? outcome.attempts : outcome.error.attempts
    if (outcome.ok) this.succeeded++
    else this.failed.set(code, (this.failed.get(code) ?? 0) + 1)
    if (attempts > 1) {
      this.retried++
      this.furtherAttempts += attempts - 1
    }
    if (!this.examples.has(code)) this.examples.set(code, outcome.id)
    this.roundTrips.add(ms)
  }

  get home(): number {
    return this.roundTrips.count
  }

  get failures(): number {
    return this.home - this.succeeded
  }
}
