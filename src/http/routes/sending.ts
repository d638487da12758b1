/*
 * Sending messages: one, waited for or not, or many at once.
 */

import { HomingError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { bodyTypeFrom } from '../body-type.ts'
import { preferenceFrom } from '../prefer.ts'
import { type Route, route } from '../route.ts'
import type { RouteParts } from '../route-parts.ts'
import { batchFrom } from '../sending/batch-lines.ts'
import { idempotencyKeyFrom } from '../sending/idempotency-key.ts'
import { outgoingMessage } from '../sending/outgoing-message.ts'
import { tracedBy } from '../sending/request-trace.ts'
import { optionsFromQuery, type SendQuery, sendQuery } from '../sending/send-options.ts'
import { receiptOf, sentAnswer } from '../sending/sent-answer.ts'
import { receipt, receipts } from '../shapes/message-shapes.ts'
import { failedOutcome } from '../shapes/outcome-shapes.ts'
import type { Site } from '../site.ts'

export const sendingRoutes = (parts: RouteParts): readonly Route[] => [
  sendOne(parts),
  sendMany(parts),
]

const sendOne = (parts: RouteParts): Route =>
  route<SendQuery, Uint8Array>({
    method: 'post',
    path: '/api/queues/{vhost}/{queue}/messages',
    summary: 'Send a message, and wait for its result if you prefer to',
    tag: 'Messages',
    access: 'user',
    unaudited: true,
    query: sendQuery,
    body: 'bytes',
    bodyBytesMax: limits.bodyBytesMax,
    answers: {
      200: {
        description: 'With `Prefer: wait`: it came home. The result as its consumer wrote it.',
        contentType: '*/*',
      },
      202: { description: 'It is on disk. `Location` tells its outcome.', schema: receipt },
      422: {
        description: 'With `Prefer: wait`: it came home, and is no result.',
        schema: failedOutcome,
        contentType: 'application/problem+json',
      },
    },
    async handle(call) {
      const { site, headers } = call
      checkNotBlocked(site)
      const entrance = parts.entrances.of(call.caller, call.param('vhost'))
      const message = outgoingMessage(site.engine, entrance, {
        queue: call.param('queue'),
        id: idempotencyKeyFrom(headers.get('idempotency-key')),
        contentType: bodyTypeFrom(headers),
        body: call.body,
        options: tracedBy(optionsFromQuery(call.query), headers),
      })
      const accepted = await site.engine.publish(message)
      const preference = preferenceFrom(headers.get('prefer'))
      return sentAnswer(parts, call, { accepted, entrance, preference })
    },
  })

const sendMany = (parts: RouteParts): Route =>
  route<undefined, Uint8Array>({
    method: 'post',
    path: '/api/queues/{vhost}/{queue}/batch',
    summary: 'Send many messages with one confirm: all of them or none',
    tag: 'Messages',
    access: 'user',
    unaudited: true,
    body: 'bytes',
    bodyBytesMax: limits.httpBatchBytesMax,
    answers: { 202: { description: 'All are on disk, in this order.', schema: receipts } },
    async handle({ site, caller, body, param, headers }) {
      checkNotBlocked(site)
      const entrance = parts.entrances.of(caller, param('vhost'))
      const batch = batchFrom(body, param('queue'))
      const messages = batch.map((one) => {
        const options = tracedBy(one.options, headers)
        return outgoingMessage(site.engine, entrance, { ...one, options })
      })
      const accepted = await site.engine.publishMany(messages)
      return { status: 202, json: { accepted: accepted.map((one) => receiptOf(one, entrance)) } }
    },
  })

/** Fails with `memory-full`, `disk-full`: what makes publishers over AMQP wait. */
function checkNotBlocked({ server }: Site): void {
  server.watchAlarms()
  const reason = server.blockedFor
  if (reason === undefined) return
  throw new HomingError(
    reason.includes('disk') ? 'disk-full' : 'memory-full',
    `the server takes no messages for now: ${reason}; send again later`,
  )
}
