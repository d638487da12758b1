/*
 * Facts about messages and outcomes for the history: what the checker compares instead of bytes.
 */

import { hash } from 'node:crypto'
import type { Message } from '../../src/message/message.ts'
import type { Answer, StoredOutcome } from '../../src/message/outcome.ts'
import type { AnswerFacts, MessageFacts, OutcomeFacts } from './history.ts'

const digest = (head: string, body: Uint8Array): string =>
  hash('sha1', Buffer.concat([Buffer.from(head), body])).slice(0, 16)

export function messageFacts(message: Message, queue: string): MessageFacts {
  const { body, meta, ...fields } = message
  const all = Object.keys(fields)
    .sort()
    .map((name) => `${name}=${String(fields[name as keyof typeof fields])}`)
  const metaText = JSON.stringify(meta) ?? ''
  return {
    id: message.id,
    queue,
    digest: digest(`${all.join('\n')}\n${metaText}\n`, body),
    content: digest(`${message.contentType}\n${JSON.stringify(meta?.headers) ?? ''}\n`, body),
    priority: message.priority,
    deadlineAtMs: message.deadlineAtMs,
    availableAtMs: message.availableAtMs,
    timeoutMs: message.timeoutMs,
    attemptsMax: message.attemptsMax,
    ttlMs: meta?.ttlMs,
    callbacks: meta?.callbacks?.map((target) => target.name) ?? [],
    replayOf: meta?.replayOf,
  }
}

export const bodyDigest = (contentType: string, body: Uint8Array): string =>
  digest(`${contentType}\n`, body)

export const outcomeFacts = (outcome: StoredOutcome): OutcomeFacts => ({
  id: outcome.id,
  queue: outcome.queue,
  code: outcome.code,
  attempts: outcome.attempts,
  finishedAtMs: outcome.finishedAtMs,
  digest: bodyDigest(outcome.contentType, outcome.body),
})

export const answerFacts = (answer: Answer): AnswerFacts =>
  answer.state === 'final' ? { state: 'final', outcome: outcomeFacts(answer.outcome) } : answer

/** The outcome inside a homecoming, read here anew: its JSON is a documented format. */
export function homecomingFacts(body: Uint8Array): OutcomeFacts {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  const { outcome } = JSON.parse(text) as {
    outcome: Omit<StoredOutcome, 'body'> & { bodyBase64: string }
  }
  return outcomeFacts({ ...outcome, body: Buffer.from(outcome.bodyBase64, 'base64') })
}

export function gatheredFacts(body: Uint8Array): { gather: string; ids: readonly string[] } {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  const { gatherId, memberIds } = JSON.parse(text) as { gatherId: string; memberIds: string[] }
  return { gather: gatherId, ids: memberIds }
}
