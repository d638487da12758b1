/*
 * How a message gets its outcome.
 *
 *   ledger: the first one stands ──▶ to the producer's reply queue and to callbacks ──▶ sent
 *        │ durable                        confirmed                                      │
 *        └─ `ended`                                                                     `sent`: acknowledge
 *
 * Rule: what stands is what is sent, whoever ended the message. Whoever has the message acknowledges it
 * after `sent`; a crash before brings it again, and its outcome is sent again.
 */

import { type Clock, sleep } from '../../../clock.ts'
import { HomingError } from '../../../errors.ts'
import { after } from '../../../later.ts'
import type { StoredOutcome } from '../../../message/outcome.ts'
import type {
  CallbackMessage,
  Ended,
  Ending,
  SharedLedger,
} from '../../../shared-ledger/shared-ledger.ts'
import { type End, Fitting } from './fitting.ts'
import type { Sending } from './sending.ts'
import type { SizeLimit } from './size-limit.ts'

export interface Finished {
  readonly ended: Ended
  /** Resolves when what stands is with everybody who is told. */
  readonly sent: Promise<void>
}

export interface FinishingParts {
  readonly ledger: SharedLedger
  readonly sending: Sending
  readonly sizes: SizeLimit
  readonly clock: Clock
  readonly onProblem: (text: string) => void
  /** An outcome stands: for those in this process who wait for it. */
  readonly told: (outcome: StoredOutcome) => void
  readonly isOver: () => boolean
}

const againMs = 2_000

export class Finishing {
  readonly #parts: FinishingParts
  readonly #fitting: Fitting

  constructor(parts: FinishingParts) {
    this.#parts = parts
    this.#fitting = new Fitting(parts)
  }

  /** Resolves when the outcome is durable. */
  finish(end: End): Promise<Finished> {
    const stored = after(this.#fitting.fit(end), (ending) => this.#store(ending, end.reply))
    return Promise.resolve(stored)
  }

  #store(ending: Ending, reply: string | undefined): Promise<Finished> {
    return this.#parts.ledger.end([ending]).then(([ended]) => {
      if (ended === undefined)
        throw new HomingError('ledger-unavailable', 'the ledger did not answer')
      if (ended.state === 'forgotten') return { ended, sent: Promise.resolve() }
      return { ended, sent: this.sendAll(ended.outcome, ended.unsent, reply) }
    })
  }

  /** Until it is sent, or the link is over: then the next one who gets the message sends it. */
  sendAll(
    outcome: StoredOutcome,
    unsent: readonly CallbackMessage[],
    reply: string | undefined,
  ): Promise<void> {
    if (reply === undefined) this.#parts.told(outcome)
    const send = (): Promise<void> => {
      const replied = reply === undefined ? Promise.resolve() : this.#reply(reply, outcome)
      if (unsent.length === 0) return replied
      return Promise.all([replied, this.sendCallbacks(unsent)]).then(() => undefined)
    }
    return send().catch((error: unknown) => this.#insisted(outcome.id, send, error))
  }

  /** What is too large for the server is in the ledger all the same: who waits is told from there. */
  #reply(queue: string, outcome: StoredOutcome): Promise<void> {
    const { sending, sizes, ledger } = this.#parts
    const fits = ledger.kind === 'memory' || sizes.fits(outcome.body.length)
    const replied = after(fits, (isSmall) =>
      isSmall ? sending.reply(queue, outcome) : this.#inLedgerOnly(outcome),
    )
    return Promise.resolve(replied)
  }

  #inLedgerOnly({ id, body }: StoredOutcome): void {
    this.#parts.onProblem(
      `the outcome of message ${id} is read from the ledger only: it has ${body.length} bytes, which RabbitMQ does not take; raise max_message_size there`,
    )
  }

  async sendCallbacks(messages: readonly CallbackMessage[]): Promise<void> {
    if (messages.length === 0) return
    await Promise.all(messages.map((message) => this.#parts.sending.sendCallback(message)))
    await this.#parts.ledger.sent(messages)
  }

  async #insisted(id: string, send: () => Promise<void>, failure: unknown): Promise<void> {
    const { isOver, onProblem, clock } = this.#parts
    if (isOver()) throw failure
    onProblem(`the outcome of message ${id} cannot be sent, it is tried again: ${failure}`)
    for (;;) {
      await sleep(clock, againMs)
      try {
        return await send()
      } catch (error) {
        if (isOver()) throw error
      }
    }
  }
}
