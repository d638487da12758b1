/*
 * The port's message as RabbitMQ carries it.
 *
 *   message_id    the id               content_type  the body's       delivery_mode  persistent
 *   priority      0 to 10              expiration    ms it may wait   body           the body
 *   headers       { homing: '{"v":1,"accepted":…,"attempts":…}' }, and traceparent where there is a trace
 *
 * One header in JSON, because people read it in the management pages and programs in one step.
 * A message without that header was sent by another program; it is worked on with the defaults.
 * Rule: what is decoded is the message that was encoded; only `homing.expired` time is not in it.
 */

import { Buffer } from 'node:buffer'
import type { Options } from 'amqplib'
import { HomingError } from '../../../errors.ts'
import { limits } from '../../../limits.ts'
import type { Message, MessageMeta } from '../../../message/message.ts'
import { traceHeaders } from '../../../message/trace-context.ts'

/** A message with what this way of carrying it adds. */
export interface Carried {
  readonly message: Message
  /** Wall ms. */
  readonly acceptedAtMs: number
  /** Attempts that were made with earlier copies. */
  readonly attempts: number
  /** Of these, those that do not count against the limit. */
  readonly excused: number
  /** Queue of the producer that waits for the outcome. */
  readonly reply?: string | undefined
}

/** What amqplib gives, as far as it is read here. */
export interface Arrived {
  readonly content: Buffer
  readonly properties: {
    readonly messageId?: string | undefined
    readonly contentType?: string | undefined
    readonly priority?: number | undefined
    readonly headers?: Readonly<Record<string, unknown>> | undefined
  }
}

interface Header {
  readonly v: number
  readonly accepted: number
  readonly attempts?: number | undefined
  readonly excused?: number | undefined
  readonly reply?: string | undefined
  readonly chosen?: true | undefined
  readonly deadline?: number | undefined
  readonly available?: number | undefined
  readonly timeout?: number | undefined
  readonly tries: number
  readonly priority?: number | undefined
  readonly meta?: MessageMeta | undefined
}

const version = 1
export const header = 'homing'
/** RabbitMQ keeps a queue for each priority: more of them cost every queue memory. */
export const priorityMax = 10
/** RabbitMQ's longest. */
const expirationMsMax = 2 ** 32 - 1

export function encodeMessage(carried: Carried, nowMs: number): Options.Publish {
  const { message } = carried
  const { priority, meta, deadlineAtMs, availableAtMs } = message
  // What is undefined is not written. One shape for all: spreading parts together takes longer than JSON.
  const fields: Header = {
    v: version,
    accepted: carried.acceptedAtMs,
    attempts: positive(carried.attempts),
    excused: positive(carried.excused),
    reply: carried.reply,
    chosen: message.idChosen ? true : undefined,
    deadline: deadlineAtMs === Number.POSITIVE_INFINITY ? undefined : deadlineAtMs,
    available: positive(availableAtMs),
    timeout: positive(message.timeoutMs),
    tries: message.attemptsMax,
    priority: positive(priority),
    meta,
  }
  const expiration = waitMs(carried, nowMs)
  // What comes back was in front when it was delivered; where there are priorities it is again.
  const place = carried.attempts > 0 ? priorityMax : Math.min(priority, priorityMax)
  const text = JSON.stringify(fields)
  // Where instrumented clients look: they may consume from the queue, too.
  const trace = traceHeaders(message)
  const options: Options.Publish = {
    messageId: message.id,
    persistent: true,
    mandatory: true,
    headers: trace === undefined ? { [header]: text } : { [header]: text, ...trace },
  }
  if (message.contentType !== '') options.contentType = message.contentType
  if (place > 0) options.priority = place
  if (expiration !== undefined) options.expiration = String(expiration)
  return options
}

const positive = (value: number): number | undefined => (value > 0 ? value : undefined)

/** How long it may wait in its queue from now; undefined for as long as it must. */
function waitMs({ message, acceptedAtMs }: Carried, nowMs: number): number | undefined {
  const { deadlineAtMs, availableAtMs, meta } = message
  const ttlFromMs = Math.max(acceptedAtMs, availableAtMs)
  const untilMs = Math.min(deadlineAtMs, ttlFromMs + (meta?.ttlMs ?? Number.POSITIVE_INFINITY))
  if (untilMs === Number.POSITIVE_INFINITY) return undefined
  const leftMs = Math.max(0, Math.ceil(untilMs - nowMs))
  return leftMs > expirationMsMax ? undefined : leftMs
}

/** Fails with `undecodable`. `mintId` names a message of another program that has no id. */
export function decodeMessage(
  arrived: Arrived,
  queue: string,
  nowMs: number,
  mintId: () => string,
): Carried {
  const { properties, content } = arrived
  const text = properties.headers?.[header]
  const id = properties.messageId
  const fields =
    text === undefined ? { v: version, accepted: nowMs, tries: limits.attemptsDefault } : read(text)
  if (text !== undefined && (id === undefined || id === ''))
    throw unreadable('it has no message_id')
  return {
    message: {
      id: id === undefined || id === '' ? mintId() : id,
      idChosen: fields.chosen === true,
      exchange: '',
      routingKey: queue,
      contentType: properties.contentType ?? '',
      // A view into what came in one read would keep all of it.
      body: content.length * 4 < content.buffer.byteLength ? Buffer.from(content) : content,
      priority: fields.priority ?? (text === undefined ? (properties.priority ?? 0) : 0),
      deadlineAtMs: fields.deadline ?? Number.POSITIVE_INFINITY,
      availableAtMs: fields.available ?? 0,
      timeoutMs: fields.timeout ?? 0,
      attemptsMax: fields.tries,
      meta: text === undefined ? foreignMeta(properties.headers) : fields.meta,
    },
    acceptedAtMs: fields.accepted,
    attempts: fields.attempts ?? 0,
    excused: fields.excused ?? 0,
    reply: fields.reply,
  }
}

/** Another program's message brings its trace along, and nothing else that is read here. */
function foreignMeta(headers: Arrived['properties']['headers']): MessageMeta | undefined {
  const { traceparent, tracestate } = headers ?? {}
  if (typeof traceparent !== 'string') return undefined
  return { headers: { traceparent, ...(typeof tracestate === 'string' && { tracestate }) } }
}

function read(text: unknown): Header {
  if (typeof text !== 'string') throw unreadable(`its header "${header}" is no text`)
  let fields: Header
  try {
    fields = JSON.parse(text) as Header
  } catch (cause) {
    throw unreadable(`its header "${header}" is no JSON`, cause)
  }
  if (typeof fields !== 'object' || fields === null) throw unreadable('its header is no object')
  if (fields.v !== version) {
    throw unreadable(`it has format version ${fields.v}, this Homing knows ${version}`)
  }
  const { accepted, tries, attempts, excused, deadline, available, timeout, priority } = fields
  const whole =
    Number.isFinite(accepted) &&
    Number.isFinite(tries) &&
    isNumberIfAny(attempts) &&
    isNumberIfAny(excused) &&
    isNumberIfAny(deadline) &&
    isNumberIfAny(available) &&
    isNumberIfAny(timeout) &&
    isNumberIfAny(priority) &&
    (fields.reply === undefined || typeof fields.reply === 'string') &&
    (fields.meta === undefined || (typeof fields.meta === 'object' && fields.meta !== null))
  if (!whole) throw unreadable(`its header "${header}" lacks a field or has one of a wrong type`)
  return fields
}

const isNumberIfAny = (value: unknown): boolean => value === undefined || Number.isFinite(value)

function unreadable(why: string, cause?: unknown): HomingError {
  return new HomingError('undecodable', `a message cannot be read: ${why}`, { cause })
}
