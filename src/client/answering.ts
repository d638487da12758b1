/*
 * From what a handler returned or threw to the settlement of its delivery.
 *
 *   returned a value that fits            final ok
 *   returned what does not fit            final invalid, side output
 *   threw fail(name, data)                final, the declared error
 *   threw reject(reason)                  final rejected
 *   threw retryIn(delay)                  retry after the delay
 *   threw anything else                   retry after the backoff; the engine ends it as `thrown`
 *                                         when no attempt is left
 */

import { Buffer } from 'node:buffer'
import type { AnyContract } from '../contract/contract.ts'
import { json } from '../contract/json-codec.ts'
import { backoffDelay, type Delay } from '../contract/retry.ts'
import { type Issue, misfit } from '../contract/validation.ts'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Settlement } from '../message/settlement.ts'
import { type Written, writeValue } from './body.ts'
import type { Log } from './log.ts'
import type { OpenDelivery } from './open-delivery.ts'
import { thrownBody } from './thrown.ts'
import { type Ruling, Verdict } from './verdict.ts'

export class Answering {
  readonly #contract: AnyContract
  readonly #delay: Delay | undefined
  readonly #log: Log

  /** `delay` is the consumer's own backoff, which goes before the contract's. */
  constructor(contract: AnyContract, delay: Delay | undefined, log: Log) {
    this.#contract = contract
    this.#delay = delay
    this.#log = log
  }

  returned(open: OpenDelivery, value: unknown): void {
    const { output, outputCodec } = this.#contract
    try {
      const written = writeValue(output, outputCodec, value)
      if (written instanceof Promise) this.#later(open, 'ok', written)
      else this.#written(open, 'ok', written)
    } catch (error) {
      this.#unwritable(open, error)
    }
  }

  threw(open: OpenDelivery, error: unknown): void {
    if (error instanceof Verdict) this.ruled(open, error.ruling)
    else this.#retry(open, this.#backoff(open, error), error)
  }

  ruled(open: OpenDelivery, ruling: Ruling): void {
    switch (ruling.kind) {
      case 'fail':
        this.#declared(open, ruling.code, ruling.data)
        break
      case 'reject': {
        const reason = ruling.reason.slice(0, limits.errorBytesMax / 4).toWellFormed()
        this.#final(open, 'rejected', { by: 'consumer', reason })
        break
      }
      case 'retry': {
        const because = ruling.because ?? new Verdict('the handler asked to be tried again', ruling)
        this.#retry(open, ruling.delayMs, because)
        break
      }
      default:
        ruling satisfies never
    }
  }

  invalid(open: OpenDelivery, side: 'input' | 'output', issues: readonly Issue[]): void {
    this.#final(open, 'invalid', { side, issues: trimmed(issues) })
  }

  #declared(open: OpenDelivery, code: string, data: unknown): void {
    try {
      const written = writeValue(this.#contract.errors.get(code), json, data)
      if (written instanceof Promise) this.#later(open, code, written)
      else this.#written(open, code, written)
    } catch (error) {
      this.#unwritable(open, error)
    }
  }

  #later(open: OpenDelivery, code: string, written: Promise<Written>): void {
    written.then(
      (value) => this.#written(open, code, value),
      (error: unknown) => this.#unwritable(open, error),
    )
  }

  #written(open: OpenDelivery, code: string, written: Written): void {
    if (!written.fits) this.invalid(open, 'output', written.issues)
    else open.settle({ kind: 'final', code, contentType: written.contentType, body: written.body })
  }

  #unwritable(open: OpenDelivery, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error)
    this.invalid(open, 'output', misfit(text).issues)
  }

  #final(open: OpenDelivery, code: string, data: object): void {
    const body = Buffer.from(JSON.stringify(data))
    open.settle({ kind: 'final', code, contentType: json.contentType, body })
  }

  #retry(open: OpenDelivery, delayMs: number, error: unknown): void {
    const retry: Settlement = { kind: 'retry', delayMs, code: 'thrown', body: thrownBody(error) }
    open.settle(retry)
  }

  #backoff(open: OpenDelivery, error: unknown): number {
    const { attempt, message } = open.delivery
    try {
      return this.#chosen(message.meta?.backoff)(attempt, error)
    } catch (cause) {
      const text = cause instanceof HomingError ? cause.message : 'the backoff function threw'
      this.#log.error({ error: cause, id: open.id }, `${text}; the default backoff is used`)
      return limits.backoffBaseMsDefault
    }
  }

  /** A bare contract, as tools use it, says nothing of backoff: then the sender's is kept. */
  #chosen(carried: Parameters<typeof backoffDelay>[0] | undefined): Delay {
    if (this.#delay !== undefined) return this.#delay
    const bare = this.#contract.settings === undefined
    return bare && carried !== undefined ? backoffDelay(carried) : this.#contract.delay
  }
}

/** Issues within the limit for stored errors, the first ones first. */
function trimmed(issues: readonly Issue[]): readonly Issue[] {
  let charactersLeft: number = limits.errorBytesMax / 4
  const kept: Issue[] = []
  for (const { message, path } of issues) {
    const issue = { message: message.slice(0, 1_000).toWellFormed(), path: path.slice(0, 50) }
    charactersLeft -= JSON.stringify(issue).length
    if (charactersLeft < 0 && kept.length > 0) break
    kept.push(issue)
  }
  return kept
}
