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

import { Buffer } from 'node:buffer'
import type { Clock } from '../../../clock.ts'
import { HomingError } from '../../../errors.ts'
import { encodeHomecoming, outcomeContentType } from '../../../message/homecoming.ts'
import {
  type CallbackTarget,
  callbackQueue,
  type Message,
  notification,
} from '../../../message/message.ts'
import { builtinCodes, isBuiltinCode, type StoredOutcome } from '../../../message/outcome.ts'
import { traceHeaders } from '../../../message/trace-context.ts'
import type { CallbackMessage, Ended, SharedLedger } from '../../../shared-ledger/shared-ledger.ts'
import type { Sending } from './sending.ts'

export interface End {
  readonly outcome: StoredOutcome
  /** Absent when whoever ends it does not have it. */
  readonly message?: Message | undefined
  /** The message's own by default. */
  readonly callbacks?: readonly CallbackTarget[] | undefined
  readonly reply?: string | undefined
}

export interface Finished {
  readonly ended: Ended
  /** Resolves when what stands is with everybody who is told. */
  readonly sent: Promise<void>
}

export interface FinishingParts {
  readonly ledger: SharedLedger
  readonly sending: Sending
  readonly clock: Clock
  readonly onProblem: (text: string) => void
  /** An outcome stands: for those in this process who wait for it. */
  readonly told: (outcome: StoredOutcome) => void
  readonly isOver: () => boolean
}

const againMs = 2_000

export const jsonBody = (data: unknown): Pick<StoredOutcome, 'contentType' | 'body'> => ({
  contentType: 'application/json',
  body: Buffer.from(JSON.stringify(data)),
})

export class Finishing {
  readonly #parts: FinishingParts

  constructor(parts: FinishingParts) {
    this.#parts = parts
  }

  /** Resolves when the outcome is durable. */
  async finish({ outcome, message, callbacks, reply }: End): Promise<Finished> {
    const { ledger } = this.#parts
    const targets = callbacks ?? message?.meta?.callbacks ?? []
    const isDead = isBuiltinCode(outcome.code) && builtinCodes[outcome.code].deadLetter
    const [ended] = await ledger.end([
      {
        outcome,
        ...(isDead && message !== undefined && { deadLetter: message }),
        ...(targets.length > 0 && { callbacks: homecomings(outcome, message, targets) }),
      },
    ])
    if (ended === undefined)
      throw new HomingError('ledger-unavailable', 'the ledger did not answer')
    if (ended.state === 'forgotten') return { ended, sent: Promise.resolve() }
    return { ended, sent: this.sendAll(ended.outcome, ended.unsent, reply) }
  }

  /** Until it is sent, or the link is over: then the next one who gets the message sends it. */
  async sendAll(
    outcome: StoredOutcome,
    unsent: readonly CallbackMessage[],
    reply: string | undefined,
  ): Promise<void> {
    if (reply === undefined) this.#parts.told(outcome)
    await this.#insisted(`outcome of message ${outcome.id}`, async () => {
      const replied = reply === undefined ? undefined : this.#reply(reply, outcome)
      if (unsent.length > 0) await Promise.all([replied, this.sendCallbacks(unsent)])
      else await replied
    })
  }

  /** What is too large for the server is in the ledger all the same: who waits is told from there. */
  async #reply(queue: string, outcome: StoredOutcome): Promise<void> {
    const { sending, ledger, onProblem } = this.#parts
    try {
      await sending.reply(queue, outcome)
    } catch (error) {
      const isTooLarge = error instanceof HomingError && error.code === 'message-too-large'
      if (!isTooLarge || ledger.kind === 'memory') throw error
      onProblem(`the outcome of message ${outcome.id} is read from the ledger only: ${error}`)
    }
  }

  async sendCallbacks(messages: readonly CallbackMessage[]): Promise<void> {
    if (messages.length === 0) return
    await Promise.all(messages.map((message) => this.#parts.sending.sendCallback(message)))
    await this.#parts.ledger.sent(messages)
  }

  async #insisted(what: string, send: () => Promise<void>): Promise<void> {
    for (let told = false; ; told = true) {
      try {
        return await send()
      } catch (error) {
        if (this.#parts.isOver()) throw error
        if (!told) this.#parts.onProblem(`the ${what} cannot be sent, it is tried again: ${error}`)
      }
      await new Promise<void>((resolve) => this.#parts.clock.after(againMs, resolve))
    }
  }
}

export function homecomings(
  outcome: StoredOutcome,
  message: Message | undefined,
  targets: readonly CallbackTarget[],
): CallbackMessage[] {
  const told = targets.filter(
    ({ name, onlyFailure }) => name !== notification && !(onlyFailure && outcome.code === 'ok'),
  )
  return told.map(({ name, context }, n) => ({
    // As the embedded engine names them: a callback named twice gets two messages.
    id: `${outcome.id}>${name}${n === 0 ? '' : `>${n}`}`,
    queue: callbackQueue(name),
    contentType: outcomeContentType,
    body: encodeHomecoming({
      outcome,
      context,
      input: message && { contentType: message.contentType, body: message.body },
      trace: message && traceHeaders(message),
    }),
  }))
}
