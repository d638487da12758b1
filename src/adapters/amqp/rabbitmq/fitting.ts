/*
 * What of an outcome the server can carry, decided before the outcome is stored: what stands is what is
 * sent, so that none may stand which can never be sent.
 *
 *   the reply is too large        with a shared ledger who waits reads it there; without one  ─▶ `invalid`
 *   a callback's is too large     without the message's input ─ still too large               ─▶ `invalid`
 *
 * `invalid` is what a result over a limit of Homing's own becomes, too.
 */

import type { Later } from '../../../later.ts'
import { encodeHomecoming, outcomeContentType } from '../../../message/homecoming.ts'
import {
  type CallbackTarget,
  callbackQueue,
  type Message,
  notification,
} from '../../../message/message.ts'
import { builtinCodes, isBuiltinCode, type StoredOutcome } from '../../../message/outcome.ts'
import { traceHeaders } from '../../../message/trace-context.ts'
import type { CallbackMessage, Ending, SharedLedger } from '../../../shared-ledger/shared-ledger.ts'
import { jsonBody } from './json-body.ts'
import type { SizeLimit } from './size-limit.ts'

export interface End {
  readonly outcome: StoredOutcome
  /** Absent when whoever ends it does not have it. */
  readonly message?: Message | undefined
  /** The message's own by default. */
  readonly callbacks?: readonly CallbackTarget[] | undefined
  readonly reply?: string | undefined
}

export interface FittingParts {
  readonly ledger: SharedLedger
  readonly sizes: SizeLimit
  readonly onProblem: (text: string) => void
}

export class Fitting {
  readonly #parts: FittingParts

  constructor(parts: FittingParts) {
    this.#parts = parts
  }

  /** At once when it is known what the server takes. */
  fit(end: End): Later<Ending> {
    const ending = endingOf(end, true)
    return this.#fits(end, ending) === true ? ending : this.#narrowed(end, ending)
  }

  #fits({ reply }: End, { outcome, callbacks = [] }: Ending): Later<boolean> {
    const mustReply = reply !== undefined && this.#parts.ledger.kind === 'memory'
    let bytes = mustReply ? outcome.body.length : 0
    for (const { body } of callbacks) bytes = Math.max(bytes, body.length)
    return this.#parts.sizes.fits(bytes)
  }

  async #narrowed(end: End, whole: Ending): Promise<Ending> {
    if (await this.#fits(end, whole)) return whole
    const withoutInput = endingOf(end, false)
    if (await this.#fits(end, withoutInput)) return withoutInput
    const { id, body } = end.outcome
    const text = `the result has ${body.length} bytes, and RabbitMQ does not take the message that brings it home; raise max_message_size there, or store it elsewhere and send its address`
    this.#parts.onProblem(`the outcome of message ${id} is invalid: ${text}`)
    const issues = [{ message: text, path: [] }]
    const invalid: End = {
      ...end,
      outcome: { ...end.outcome, code: 'invalid', ...jsonBody({ side: 'output', issues }) },
    }
    const told = endingOf(invalid, true)
    return (await this.#fits(invalid, told)) ? told : endingOf(invalid, false)
  }
}

function endingOf({ outcome, message, callbacks }: End, withInput: boolean): Ending {
  const targets = callbacks ?? message?.meta?.callbacks ?? []
  const isDead = isBuiltinCode(outcome.code) && builtinCodes[outcome.code].deadLetter
  return {
    outcome,
    ...(isDead && message !== undefined && { deadLetter: message }),
    ...(targets.length > 0 && { callbacks: homecomings(outcome, message, { targets, withInput }) }),
  }
}

function homecomings(
  outcome: StoredOutcome,
  message: Message | undefined,
  how: { readonly targets: readonly CallbackTarget[]; readonly withInput: boolean },
): CallbackMessage[] {
  const told = how.targets.filter(
    ({ name, onlyFailure }) => name !== notification && !(onlyFailure && outcome.code === 'ok'),
  )
  const input = how.withInput ? message : undefined
  return told.map(({ name, context }, n) => ({
    // As the embedded engine names them: a callback named twice gets two messages.
    id: `${outcome.id}>${name}${n === 0 ? '' : `>${n}`}`,
    queue: callbackQueue(name),
    contentType: outcomeContentType,
    body: encodeHomecoming({
      outcome,
      context,
      input: input && { contentType: input.contentType, body: input.body },
      trace: message && traceHeaders(message),
    }),
  }))
}
