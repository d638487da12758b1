/*
 * What comes as JSON, checked: settings of queues, filters, gathers, the meta of messages.
 *
 * Rule: what is not known is refused and not left out, or a newer client would believe that it holds.
 */

import { Buffer } from 'node:buffer'
import type {
  DeadLetterFilter,
  GatherRequest,
  OutcomeFilter,
  QueueSettings,
  SubscribeOptions,
} from '../engine.ts'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { MessageMeta } from '../message/message.ts'

/** True for a value that is right. */
type Check = (value: unknown) => boolean
type Shape = Readonly<Record<string, Check>>

const text: Check = (value) => typeof value === 'string'
const name: Check = (value) =>
  typeof value === 'string' && Buffer.byteLength(value) <= limits.nameBytesMax
const flag: Check = (value) => typeof value === 'boolean'
const count: Check = (value) => typeof value === 'number' && value >= 0
const texts: Check = (value) => Array.isArray(value) && value.every(text)
const positive: Check = (value) => typeof value === 'number' && value > 0
const onlyTrue: Check = (value) => value === true
const oneOf =
  (...allowed: readonly string[]): Check =>
  (value) =>
    allowed.includes(value as string)
const object =
  (shape: Shape, ...needed: readonly string[]): Check =>
  (value) =>
    isRecord(value) && needed.every((name) => name in value) && faultIn(value, shape) === undefined
const textMap: Check = (value) => isRecord(value) && Object.values(value).every(text)

const rate = object({ count: positive, perMs: positive }, 'count', 'perMs')

const settingsShape: Shape = {
  depthMax: count,
  overflow: oneOf('reject', 'drop-head', 'reject-dead-letter'),
  depthBytesMax: count,
  messageTtlMs: count,
  rate,
  concurrencyMax: positive,
  perKey: object({ rate, concurrencyMax: positive }),
  durable: flag,
  deadLetter: object({ exchange: name, routingKey: name }, 'exchange'),
  deliveryLimit: count,
  priorityMax: count,
  singleActive: flag,
  consumerTimeoutMs: count,
  deduplicate: flag,
}

const metaShape: Shape = {
  headers: textMap,
  key: text,
  callbacks: (value) =>
    Array.isArray(value) &&
    value.every(object({ name: text, context: text, onlyFailure: onlyTrue }, 'name')),
  parentId: text,
  // Only a replay may say so: a dead letter counts as gone with it.
  replayOf: () => false,
  ttlMs: count,
  backoff: object(
    { baseMs: count, factor: count, maxMs: count, jitter: flag },
    ...['baseMs', 'factor', 'maxMs', 'jitter'],
  ),
}

const outcomeFilterShape: Shape = {
  queue: text,
  code: text,
  finishedSinceMs: (value) => typeof value === 'number',
  finishedBeforeMs: (value) => typeof value === 'number',
  limit: count,
  after: text,
}

const deadLetterFilterShape: Shape = { ids: texts, queue: text, limit: count, after: text }

const gatherShape: Shape = {
  id: text,
  memberIds: texts,
  callback: object({ name: text, context: text }, 'name'),
}

export function queueSettingsFrom(value: unknown): QueueSettings {
  // What an AMQP client declared is not for others to say.
  if (isRecord(value)) delete value.declaration
  return checked(value, settingsShape, 'a setting of a queue')
}

export function subscribeOptionsFrom(value: unknown): SubscribeOptions {
  const prefetch: Check = (given) =>
    typeof given === 'number' && given >= 1 && (given === Number.POSITIVE_INFINITY || whole(given))
  const options = checked<SubscribeOptions>(
    value,
    { prefetch, consumerName: name },
    'an option of a consumer',
  )
  if (options.prefetch === undefined) throw wrong('prefetch', 'an option of a consumer')
  return options
}

const whole = (value: number): boolean => Number.isInteger(value) && value <= limits.prefetchMax

export function metaFrom(value: unknown): MessageMeta {
  return checked(value, metaShape, 'a property of a message')
}

export const outcomeFilterFrom = (value: unknown): OutcomeFilter =>
  checked(value, outcomeFilterShape, 'a filter of outcomes')

export const deadLetterFilterFrom = (value: unknown): DeadLetterFilter =>
  checked(value, deadLetterFilterShape, 'a filter of dead letters')

export function gatherFrom(value: unknown): GatherRequest {
  const what = 'a field of a gather'
  const request = checked<GatherRequest>(value, gatherShape, what)
  for (const name of Object.keys(gatherShape))
    if (!Object.hasOwn(request, name)) throw wrong(name, what)
  return request
}

/** Fails with `unsupported` for what is not known, `bad-argument` for what is of another kind. */
function checked<T>(value: unknown, shape: Shape, what: string): T {
  if (!isRecord(value)) throw wrong('the whole', what)
  const fault = faultIn(value, shape)
  if (fault === undefined) return value as T
  if (Object.hasOwn(shape, fault)) throw wrong(fault, what)
  throw new HomingError(
    'unsupported',
    `"${fault}" is not known to this server as ${what}; its version is older than the client's`,
  )
}

/** The name of the first that is wrong. */
function faultIn(value: Record<string, unknown>, shape: Shape): string | undefined {
  for (const [name, given] of Object.entries(value)) {
    if (given === undefined) continue
    if (!Object.hasOwn(shape, name) || !shape[name]?.(given)) return name
  }
  return undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const wrong = (name: string, what: string): HomingError =>
  new HomingError('bad-argument', `"${name}" as ${what} is of the wrong kind, too long or missing`)
