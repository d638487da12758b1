/*
 * An outcome that is no result, as a problem (RFC 9457): what became of the message, and the error's data.
 *
 * Its status is 422, whatever the code: the request was right, and trying it again in this form changes
 * nothing. 5xx would let proxies and clients send the message again.
 */

import { Buffer } from 'node:buffer'
import { builtinCodes, isBuiltinCode, type StoredOutcome } from '../../message/outcome.ts'
import { isJsonType } from '../body-type.ts'
import { problemType } from '../problem.ts'
import type { Answer } from '../route.ts'
import type { FailedOutcomeJson } from '../shapes/outcome-shapes.ts'

export const failedStatus = 422

export function failedOutcomeAnswer(
  outcome: StoredOutcome,
  vhost: string,
  headers: Readonly<Record<string, string>>,
): Answer {
  const { id, queue, code, attempts, acceptedAtMs, finishedAtMs } = outcome
  const facts: FailedOutcomeJson = {
    type: `urn:homing:outcome:${encodeURIComponent(code)}`,
    title: isBuiltinCode(code)
      ? builtinCodes[code].meaning
      : 'An error that the contract declares.',
    status: failedStatus,
    code,
    detail: detailOf(outcome),
    id,
    vhost,
    queue,
    attempts,
    acceptedAtMs,
    finishedAtMs,
    ...dataOf(outcome),
  }
  return {
    status: failedStatus,
    headers: { ...headers, 'content-type': problemType },
    body: JSON.stringify(facts),
  }
}

type ErrorData = Pick<FailedOutcomeJson, 'data' | 'dataContentType' | 'dataBase64'>

function dataOf({ contentType, body }: StoredOutcome): ErrorData {
  if (body.length === 0) return {}
  const data = isJsonType(contentType) ? jsonFrom(body) : undefined
  if (data !== undefined) return { data }
  return { dataContentType: contentType, dataBase64: Buffer.from(body).toString('base64') }
}

/** Undefined for what is no JSON, whatever it says it is. */
export function jsonFrom(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown
  } catch {
    return undefined
  }
}

const shownChars = 500

function detailOf({ id, code, attempts, contentType, body }: StoredOutcome): string {
  const data = isJsonType(contentType) ? jsonFrom(body) : undefined
  const { name, message, reason } = (typeof data === 'object' && data !== null ? data : {}) as {
    readonly [member: string]: unknown
  }
  const what =
    typeof message === 'string'
      ? `${typeof name === 'string' ? `${name}: ` : ''}${message}`
      : typeof reason === 'string'
        ? reason
        : undefined
  const times = `${attempts} ${attempts === 1 ? 'delivery' : 'deliveries'}`
  const said = what === undefined ? '' : `: ${what.slice(0, shownChars)}`
  return `message ${id} ended as ${code} after ${times}${said}`
}
