/*
 * A queue entry's record, read back as a message.
 *
 * Three kinds of records hold messages: `accept`, its rewritten form `move`, and `final`, whose n-th
 * onward piece is the message that brings the outcome to a durable callback.
 */

import { ByteReader } from '../bytes.ts'
import { limits } from '../limits.ts'
import { encodeHomecoming, outcomeContentType } from '../message/homecoming.ts'
import { callbackQueue, type Message, notification } from '../message/message.ts'
import { traceHeaders } from '../message/trace-context.ts'
import { acceptedId, readAccept } from './journal/accept-record.ts'
import { type FinalRecord, readFinal } from './journal/final-record.ts'
import { moveHeadBytes, readMove } from './journal/move-record.ts'
import { frameBytes, recordTypes } from './journal/record.ts'
import { notificationMessage } from './notification.ts'
import { homecomingKind } from './queue/entry.ts'

export interface StoredMessage {
  readonly message: Message
  readonly acceptedAtMs: number
}

const typeAt = 8

/** `record` is a whole record with its frame; `kind` the entry's. */
export function storedMessage(record: Buffer, kind: number): StoredMessage {
  const reader = new ByteReader(record, frameBytes)
  switch (record[typeAt]) {
    case recordTypes.accept:
      return readAccept(reader)
    case recordTypes.move:
      return readMove(reader).accepted
    case recordTypes.final: {
      const final = readFinal(reader)
      const message = homecomingMessage(final, kind - homecomingKind)
      return { message, acceptedAtMs: final.outcome.finishedAtMs }
    }
    default:
      throw new RangeError(`a record of type ${record[typeAt]} holds no message`)
  }
}

/** The id in an `accept` or `move` record, without reading the rest. */
export function storedId(record: Buffer): string {
  const head = record[typeAt] === recordTypes.move ? moveHeadBytes : 0
  return acceptedId(record, frameBytes + head)
}

/** The message by which an outcome reaches its n-th callback. Same record, same bytes (invariant 28). */
export function homecomingMessage(
  final: Pick<FinalRecord, 'outcome' | 'accepted' | 'onward'>,
  n: number,
): Message {
  const onward = final.onward[n]
  if (!onward) throw new RangeError(`the outcome of ${final.outcome.id} has no callback ${n}`)
  const original = final.accepted?.message
  if (onward.callback === notification) return notificationMessage(final.outcome, original)
  return {
    // A callback named twice gets two messages.
    id: `${final.outcome.id}>${onward.callback}${n === 0 ? '' : `>${n}`}`,
    idChosen: false,
    exchange: '',
    routingKey: callbackQueue(onward.callback),
    contentType: outcomeContentType,
    body: encodeHomecoming({
      outcome: final.outcome,
      context: onward.context,
      input: original && { contentType: original.contentType, body: original.body },
      trace: original && traceHeaders(original),
    }),
    priority: 0,
    deadlineAtMs: Number.POSITIVE_INFINITY,
    availableAtMs: 0,
    timeoutMs: limits.timeoutMsDefault,
    attemptsMax: limits.callbackAttemptsDefault,
    meta: undefined,
  }
}
