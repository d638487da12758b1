/*
 * An outcome as the answer to a request: the result as its consumer wrote it, or a problem.
 *
 * Rule: a result is somebody else's bytes. It is never a page of ours: it is offered for saving and runs nothing.
 */

import { Buffer } from 'node:buffer'
import type { StoredOutcome } from '../../message/outcome.ts'
import { foreignBodyHeaders, typeHeader } from '../body-type.ts'
import type { Answer } from '../route.ts'
import type { OutcomeJson } from '../shapes/outcome-shapes.ts'
import { failedOutcomeAnswer } from './failed-outcome.ts'

/** Names are those of the virtual host. */
export function outcomeAnswer(
  outcome: StoredOutcome,
  vhost: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const told = { ...headers, 'homing-attempts': String(outcome.attempts) }
  if (outcome.code !== 'ok') return failedOutcomeAnswer(outcome, vhost, told)
  return {
    status: 200,
    headers: {
      ...told,
      ...foreignBodyHeaders,
      'content-type': typeHeader(outcome.contentType),
    },
    body: Uint8Array.from(outcome.body),
  }
}

/** A row of a list, with the beginning of the body. */
export function outcomeJson(
  outcome: StoredOutcome,
  vhost: string,
  bodyBytesMax = Number.POSITIVE_INFINITY,
): OutcomeJson {
  const { id, queue, code, contentType, body, attempts, acceptedAtMs, finishedAtMs } = outcome
  return {
    id,
    vhost,
    queue,
    code,
    ...bodyJson(contentType, body, bodyBytesMax),
    attempts,
    acceptedAtMs,
    finishedAtMs,
  }
}

export interface BodyJson {
  contentType: string
  bodyBytes: number
  bodyBase64: string
}

export const bodyJson = (
  contentType: string,
  body: Uint8Array,
  bytesMax = Number.POSITIVE_INFINITY,
): BodyJson => ({
  contentType,
  bodyBytes: body.length,
  bodyBase64: base64Of(body, bytesMax),
})

export const base64Of = (bytes: Uint8Array, bytesMax = Number.POSITIVE_INFINITY): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, bytesMax)).toString('base64')
