/*
 * A refusal in AMQP's words: reply code, reply text, and whether the channel or the connection closes.
 *
 *   preconditionFailed("unknown delivery tag 7")
 *     ─▶ channel.close 406 "PRECONDITION_FAILED - unknown delivery tag 7", class, method
 *
 * Codes, names and scopes are those of the specification's constants. Nobody who throws one knows the
 * method that was being worked on; the channel fills in its class and method before it is sent.
 */

import { Buffer } from 'node:buffer'
import { shortStringBytesMax } from './wire.ts'

export type ErrorScope = 'channel' | 'connection'

export class AmqpError extends Error {
  readonly replyCode: number
  /** As sent: the code's name, a dash, what happened. Fits a short string. */
  readonly replyText: string
  readonly scope: ErrorScope
  /** Class and method that were refused; 0 until the channel fills them in. */
  classId = 0
  methodId = 0

  constructor(replyCode: number, replyText: string, scope: ErrorScope) {
    const text = shortened(replyText)
    super(text)
    this.name = 'AmqpError'
    this.replyCode = replyCode
    this.replyText = text
    this.scope = scope
  }
}

export const contentTooLarge = refusal(311, 'CONTENT_TOO_LARGE', 'channel')
export const noRoute = refusal(312, 'NO_ROUTE', 'channel')
export const noConsumers = refusal(313, 'NO_CONSUMERS', 'channel')
export const connectionForced = refusal(320, 'CONNECTION_FORCED', 'connection')
export const invalidPath = refusal(402, 'INVALID_PATH', 'connection')
export const accessRefused = refusal(403, 'ACCESS_REFUSED', 'channel')
export const notFound = refusal(404, 'NOT_FOUND', 'channel')
export const resourceLocked = refusal(405, 'RESOURCE_LOCKED', 'channel')
export const preconditionFailed = refusal(406, 'PRECONDITION_FAILED', 'channel')
export const frameError = refusal(501, 'FRAME_ERROR', 'connection')
export const syntaxError = refusal(502, 'SYNTAX_ERROR', 'connection')
export const commandInvalid = refusal(503, 'COMMAND_INVALID', 'connection')
export const channelError = refusal(504, 'CHANNEL_ERROR', 'connection')
export const unexpectedFrame = refusal(505, 'UNEXPECTED_FRAME', 'connection')
export const resourceError = refusal(506, 'RESOURCE_ERROR', 'connection')
export const notAllowed = refusal(530, 'NOT_ALLOWED', 'connection')
export const notImplemented = refusal(540, 'NOT_IMPLEMENTED', 'connection')
export const internalError = refusal(541, 'INTERNAL_ERROR', 'connection')

/** Makes the error of one code; `scope` is given where RabbitMQ departs from the code's usual one. */
export type Refusal = (text: string, scope?: ErrorScope) => AmqpError

function refusal(replyCode: number, name: string, usualScope: ErrorScope): Refusal {
  return (text, scope = usualScope) => new AmqpError(replyCode, `${name} - ${text}`, scope)
}

/** Names in a text may be 255 bytes long themselves; the text must fit a short string all the same. */
function shortened(text: string): string {
  if (Buffer.byteLength(text) <= shortStringBytesMax) return text
  let end = shortStringBytesMax - 3
  const bytes = Buffer.from(text)
  while (((bytes[end] as number) & 0xc0) === 0x80) end--
  return `${bytes.toString('utf8', 0, end)}...`
}
