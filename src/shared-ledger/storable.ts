/*
 * What goes into a shared ledger, checked before it goes: one bad item fails its own call, and not a
 * transaction that it shares with others.
 */

import { HomingError } from '../errors.ts'
import type { Acceptance, CallbackMessage, Ending, Gathering, Replay } from './shared-ledger.ts'

export function checkAcceptances(messages: readonly Acceptance[]): void {
  for (const message of messages) {
    checkText(message.id, 'a message id', message.id)
    checkText(message.queue, 'the queue of a message', message.id)
    checkTime(message.acceptedAtMs, 'acceptedAtMs', message.id)
    checkTime(message.deadlineAtMs, 'deadlineAtMs', message.id)
  }
}

export function checkEndings(endings: readonly Ending[]): void {
  for (const { outcome, callbacks } of endings) {
    const { id } = outcome
    checkText(id, 'a message id', id)
    checkText(outcome.queue, 'the queue of an outcome', id)
    checkText(outcome.code, 'the code of an outcome', id)
    checkText(outcome.contentType, 'the content type of an outcome', id)
    checkTime(outcome.acceptedAtMs, 'acceptedAtMs', id)
    checkTime(outcome.finishedAtMs, 'finishedAtMs', id)
    if (!Number.isSafeInteger(outcome.attempts) || outcome.attempts < 0)
      throw refused(`attempts is ${outcome.attempts}; give a whole number from 0`, id)
    for (const callback of callbacks ?? []) checkCallback(callback, id)
  }
}

export function checkGathering({ id, memberIds, told }: Gathering): void {
  checkText(id, 'the id of a gather', id)
  for (const member of memberIds) checkText(member, 'the id of a member', id)
  checkCallback(told, id)
}

export function checkReplays(replays: readonly Replay[]): void {
  for (const { deadId, message } of replays) {
    checkText(deadId, 'the id of a dead letter', deadId)
    checkText(message.id, 'a message id', deadId)
    checkText(message.routingKey, 'the routing key of a message', deadId)
  }
}

export function checkIds(ids: readonly string[]): void {
  for (const id of ids) checkText(id, 'a message id', id)
}

function checkCallback(callback: CallbackMessage, id: string): void {
  checkText(callback.id, 'the id of a callback message', id)
  checkText(callback.queue, 'the queue of a callback message', id)
  checkText(callback.contentType, 'the content type of a callback message', id)
}

function checkText(text: unknown, what: string, id: unknown): void {
  if (typeof text !== 'string') throw refused(`${what} is ${typeof text}; give a text`, id)
  if (text.includes('\0')) throw refused(`${what} has a NUL character; take it out`, id)
  if (!text.isWellFormed()) throw refused(`${what} has half of a surrogate pair; mend it`, id)
}

function checkTime(ms: number, name: string, id: string): void {
  if (typeof ms !== 'number' || Number.isNaN(ms))
    throw refused(`${name} is ${String(ms)}; give milliseconds since 1970`, id)
}

function refused(text: string, id: unknown): HomingError {
  const named = typeof id === 'string' ? { id } : {}
  return new HomingError('bad-argument', `the shared ledger cannot store it: ${text}`, named)
}
