/*
 * What the port is given, checked before anything is changed: a record holds lengths of one or two
 * bytes, and a name that does not fit must be an error of the call and not a damaged journal.
 */

import { Buffer } from 'node:buffer'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import { callbackQueue, type Message, mayBeDuplicate, notification } from '../message/message.ts'
import { checkName, checkScopedId, checkScopedName } from '../name.ts'
import { gatheredPrefix } from './gathers.ts'

/** Fails with `message-too-large`, `bad-name`, `bad-argument`. */
export function checkMessage(message: Message): void {
  checkBody(message.body, `the body of message ${message.id}`)
  // Ids that were minted here, and queues that exist, have been checked before.
  if (mayBeDuplicate(message)) checkChosenId(message.id)
  if (message.exchange !== '') {
    checkScopedName(message.exchange, 'the exchange name')
    checkName(message.routingKey, 'the routing key')
  }
  checkShort(message.contentType, 'the content type')
  checkNumber(message.priority, 'priority', 0, limits.priorityMax, true)
  checkNumber(message.attemptsMax, 'attemptsMax', 1, limits.attemptsMax, true)
  checkNumber(message.timeoutMs, 'timeoutMs', 0, limits.durationMsMax, false)
  checkNumber(message.availableAtMs, 'availableAtMs', 0, Number.MAX_SAFE_INTEGER, false)
  if (!(message.deadlineAtMs > 0)) {
    throw new HomingError(
      'bad-argument',
      `deadlineAtMs is ${message.deadlineAtMs}; give wall milliseconds or Infinity`,
    )
  }
}

/** Fails with `bad-argument`. */
export function checkChosenId(id: string): void {
  checkScopedId(id)
  if (!id.startsWith(gatheredPrefix)) return
  throw new HomingError(
    'bad-argument',
    `the message id "${id}" begins with "${gatheredPrefix}", which tells gathers' callbacks; choose another`,
  )
}

/** `metaText` is the JSON of the message's meta. */
export function checkMeta(message: Message, metaText: string | undefined): void {
  if (metaText === undefined) return
  for (const { name } of message.meta?.callbacks ?? []) {
    if (name === notification) continue
    checkScopedName(name, 'the callback name')
    checkScopedName(callbackQueue(name), 'the queue name of the callback')
  }
  if (metaText.length * 3 <= limits.metaBytesMax) return
  const bytes = Buffer.byteLength(metaText)
  if (bytes <= limits.metaBytesMax) return
  throw new HomingError(
    'message-too-large',
    `headers, key and callback contexts of message ${message.id} have ${bytes} bytes, ${limits.metaBytesMax} are allowed`,
  )
}

/** What a consumer answers. Fails with `message-too-large`, `bad-argument`. */
export function checkOutcome(
  code: string,
  contentType: string,
  body: Uint8Array,
  id: string,
): void {
  if (code !== 'ok') checkName(code, 'the outcome code')
  checkShort(contentType, 'the content type')
  checkBody(body, `the result of message ${id}`)
}

function checkBody(body: Uint8Array, what: string): void {
  if (!(body instanceof Uint8Array)) {
    throw new HomingError('bad-argument', `${what} is not a Uint8Array`)
  }
  if (body.length <= limits.bodyBytesMax) return
  throw new HomingError(
    'message-too-large',
    `${what} has ${body.length} bytes, ${limits.bodyBytesMax} are allowed; store it elsewhere and send its address`,
  )
}

function checkShort(text: string, what: string): void {
  if (typeof text !== 'string') {
    throw new HomingError('bad-argument', `${what} is ${typeof text}; give a text`)
  }
  if (text.length * 3 > limits.nameBytesMax && Buffer.byteLength(text) > limits.nameBytesMax) {
    throw new HomingError(
      'bad-argument',
      `${what} has over ${limits.nameBytesMax} bytes; shorten it`,
    )
  }
}

function checkNumber(value: number, what: string, min: number, max: number, whole: boolean): void {
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return
  throw new HomingError(
    'bad-argument',
    `${what} is ${value}; give a ${whole ? 'whole ' : ''}number from ${min} to ${max}`,
  )
}
