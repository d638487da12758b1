/*
 * How a client over HTTP says what came of a delivery.
 *
 *   result  the body as it is          error   a declared one: its name, and the body as its data
 *   retry   what went wrong: JSON, or a text that becomes the message of an Error
 *   reject  for good: why, JSON or text
 */

import { Buffer } from 'node:buffer'
import { HomingError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Delivery } from '../../message/delivery.ts'
import type { Backoff } from '../../message/message.ts'
import { isBuiltinCode } from '../../message/outcome.ts'
import type { Settlement } from '../../message/settlement.ts'
import { checkName } from '../../name.ts'
import { bodyTypeFrom, isJsonType } from '../body-type.ts'
import { durationFrom } from '../moments.ts'
import { jsonFrom } from '../results/failed-outcome.ts'

const json = 'application/json'

export const resultOf = (headers: Headers, body: Uint8Array): Settlement => ({
  kind: 'final',
  code: 'ok',
  contentType: body.length === 0 ? '' : bodyTypeFrom(headers),
  body,
})

/** Fails with `bad-argument` for a code that is no declared error's, `bad-name`. */
export function declaredError(code: string, headers: Headers, body: Uint8Array): Settlement {
  checkName(code, 'the code of the error')
  if (code === 'ok' || isBuiltinCode(code)) {
    throw new HomingError(
      'bad-argument',
      `"${code}" is not the name of a declared error; settle with the result, with retry or with reject`,
    )
  }
  const contentType = body.length === 0 ? json : bodyTypeFrom(headers)
  return { kind: 'final', code, contentType, body: body.length === 0 ? Buffer.from('{}') : body }
}

/** Fails with `bad-duration`, `bad-argument`. */
export function retryOf(
  delivery: Delivery,
  delay: string | undefined,
  said: { readonly headers: Headers; readonly body: Uint8Array },
): Settlement {
  const delayMs = delay === undefined ? backoffMs(delivery) : durationFrom(delay, 'delay')
  const text = saidIn(said.headers, said.body)
  const body = typeof text === 'string' ? bytes({ name: 'Error', message: text }) : text
  return { kind: 'retry', delayMs, code: 'thrown', body }
}

export function rejectionOf(headers: Headers, body: Uint8Array): Settlement {
  const said = saidIn(headers, body)
  const data = typeof said === 'string' ? bytes(said === '' ? {} : { reason: said }) : said
  return { kind: 'final', code: 'rejected', contentType: json, body: data }
}

/** JSON as it is, or a text. Fails with `bad-argument`, `media-type-refused`. */
function saidIn(headers: Headers, body: Uint8Array): Uint8Array | string {
  if (body.length === 0) return ''
  if (body.length > limits.errorBytesMax) {
    throw new HomingError(
      'message-too-large',
      `what went wrong has ${body.length} bytes, ${limits.errorBytesMax} are kept; shorten it`,
    )
  }
  if (!isJsonType(bodyTypeFrom(headers))) return new TextDecoder().decode(body)
  if (jsonFrom(body) !== undefined) return body
  throw new HomingError('bad-argument', 'the body says it is JSON and is none')
}

const bytes = (value: object): Uint8Array => Buffer.from(JSON.stringify(value))

const usual: Backoff = {
  baseMs: limits.backoffBaseMsDefault,
  factor: limits.backoffFactorDefault,
  maxMs: limits.backoffMsMax,
  jitter: true,
}

/** As the sender's contract has it, or as contracts usually have it. */
function backoffMs({ message, attempt }: Delivery): number {
  const { baseMs, factor, maxMs, jitter } = message.meta?.backoff ?? usual
  const waitMs = Math.min(maxMs, baseMs * factor ** (attempt - 1))
  return Math.round(jitter ? waitMs * (0.5 + Math.random() / 2) : waitMs)
}
