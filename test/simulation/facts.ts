/*
 * Small questions about cases that several rules ask.
 */

import {
  type CaseFiles,
  type DeliveryCase,
  type MessageCase,
  type PublishCase,
  refusalOf,
  type SettleCase,
} from './case-files.ts'
import type { AnswerFacts, EventOf, HistoryEvent, OutcomeFacts } from './history.ts'

export const confirmOf = (publish: PublishCase): EventOf<'confirmed'> | undefined =>
  publish.answers.find((answer) => answer.kind === 'confirmed')

export function firstConfirm(message: MessageCase): EventOf<'confirmed'> | undefined {
  for (const publish of message.publishes) {
    const confirmed = confirmOf(publish)
    if (confirmed !== undefined) return confirmed
  }
  return undefined
}

/** The publish that brought the message into its queue: the first that was not refused. */
export const acceptingPublish = (message: MessageCase): PublishCase | undefined =>
  message.publishes.find(
    (publish) => refusalOf(publish) === undefined && !confirmOf(publish)?.duplicate,
  ) ?? message.publishes.find((publish) => refusalOf(publish) === undefined)

export const acceptedSettle = (delivery: DeliveryCase): SettleCase | undefined =>
  delivery.settles.find((settle) => settle.settled?.accepted === true)

/** A settle whose answer never came: it may have taken effect. */
export const openSettle = (delivery: DeliveryCase): SettleCase | undefined =>
  delivery.settles.find((settle) => settle.settled === undefined)

/** From which event on the consumer no longer held the delivery. */
export function releaseOf(delivery: DeliveryCase): HistoryEvent | undefined {
  const settle = acceptedSettle(delivery) ?? openSettle(delivery)
  const ends = [settle?.settling, delivery.revoked[0], delivery.givenBack]
  return ends
    .filter((event) => event !== undefined)
    .reduce<HistoryEvent | undefined>(
      (first, event) => (first === undefined || event.n < first.n ? event : first),
      undefined,
    )
}

/** The client said "done, keep no outcome": afterwards nothing need be known of the id. */
export const acknowledgedFrom = (message: MessageCase): number => {
  for (const delivery of message.deliveries) {
    for (const { settling, settled } of delivery.settles) {
      if (settling.settlement.kind === 'acknowledge' && settled?.accepted !== false) {
        return settling.n
      }
    }
  }
  return Number.POSITIVE_INFINITY
}

export const sameOutcome = (a: OutcomeFacts, b: OutcomeFacts): boolean =>
  a.id === b.id &&
  a.queue === b.queue &&
  a.code === b.code &&
  a.attempts === b.attempts &&
  a.finishedAtMs === b.finishedAtMs &&
  a.digest === b.digest

export const sameAnswer = (a: AnswerFacts, b: AnswerFacts): boolean =>
  a.state === 'final' && b.state === 'final'
    ? sameOutcome(a.outcome, b.outcome)
    : a.state === b.state

export const tell = (answer: AnswerFacts): string =>
  answer.state === 'final'
    ? `final ${answer.outcome.code} after ${answer.outcome.attempts} attempts`
    : answer.state

/** Whether any life ended between two events. */
export const livesBetween = (a: HistoryEvent, b: HistoryEvent): number => b.life - a.life

/** True time of an engine's wall time, within that life. */
export function trueTime(files: CaseFiles, life: number, nowMs: number): number {
  const opened = files.lives[life]?.opened
  return opened === undefined ? nowMs : opened.atMs + (nowMs - opened.nowMs)
}

/** Settings of a queue at a place in the history, as last declared. */
export function settingsOf(
  files: CaseFiles,
  queue: string,
  at: number,
): EventOf<'declared'>['settings'] | undefined {
  return files.ofKind('declared').findLast((event) => event.queue === queue && event.n < at)
    ?.settings
}

/** Whether the disk had no room at some time between; what is to be written waits then. */
export function fullBetween(files: CaseFiles, fromMs: number, toMs: number): boolean {
  for (const full of files.ofKind('disk-full')) {
    const room = files.ofKind('disk-room').find((one) => one.n > full.n)
    // Room is noticed a little later.
    if (full.atMs <= toMs && (room === undefined || room.atMs + 500 >= fromMs)) return true
  }
  return false
}

/** Since when the disk has had room, seen from that time; infinity while it is full. */
export function roomSinceMs(files: CaseFiles, atMs: number): number {
  const change = files.events.findLast(
    (event) => (event.kind === 'disk-full' || event.kind === 'disk-room') && event.atMs <= atMs,
  )
  if (change === undefined) return 0
  return change.kind === 'disk-full' ? Number.POSITIVE_INFINITY : change.atMs
}

/** Replays that were cut off, or that failed half way, made messages whose ids nobody knows. */
export function unseenReplays(files: CaseFiles): number {
  const answered = new Set(files.ofKind('replayed').map((event) => event.call))
  const cut = files.ofKind('replaying').filter((event) => !answered.has(event.call))
  return cut.reduce((sum, event) => sum + event.ids.length, 0)
}
