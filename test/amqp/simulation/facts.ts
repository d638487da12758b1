/*
 * Small questions about cases that several rules ask.
 */

import type { Cases, CopyCase, DeliveryCase, PublishCase } from './cases.ts'
import type { EventOf, HistoryEvent } from './history.ts'
import { deadLetterRoute, type QueuePlan } from './topology.ts'

/** What happened to a client is known to the broker, and over, within this time. */
const lateMs = 1_000

/** From this event on the publish is promised; undefined when it never was. */
export function promiseOf(publish: PublishCase): HistoryEvent | undefined {
  const acked = publish.confirms.find(({ ok }) => ok)
  return acked ?? publish.committed
}

/** Refused for sure: no queue may have it. */
export function refusalOf(cases: Cases, publish: PublishCase): HistoryEvent | undefined {
  const nacked = publish.confirms.find(({ ok }) => !ok)
  // A journal that fails says so of what it may have written.
  const failed = nacked && cases.lives[nacked.life]?.failed
  return nacked && failed && failed.n < nacked.n ? undefined : (nacked ?? publish.rolledBack)
}

/** On disk once it is promised. */
export const isKept = ({ event }: PublishCase, queue: QueuePlan): boolean =>
  queue.durable && (event.message.persistent || event.message.tracked)

/** When its consumer no longer held it; undefined while it does. */
export function releaseOf(
  delivery: DeliveryCase,
): EventOf<'settled'> | EventOf<'left'> | undefined {
  const { settled, left } = delivery
  if (settled === undefined || left === undefined) return settled ?? left
  return settled.n < left.n ? settled : left
}

/**
 * The broker took back what its consumer held by `event`, an event of another connection, although its
 * own connection learned of that only behind it. In one turn the broker writes to its connections one
 * after the other: between two of them, and within one instant, the order in which it worked is not seen.
 */
export function releasedUnseen(delivery: DeliveryCase, event: EventOf<'delivered'>): boolean {
  const released = releaseOf(delivery)
  if (released?.atMs !== event.atMs || delivery.event.channel === event.channel) return false
  return released.kind === 'left' ? released.how === 'server' : released.told
}

/** `earlier` was seen first, and may all the same have been made when `later` had been taken back. */
export const mayBeSwapped = (earlier: DeliveryCase, later: DeliveryCase): boolean =>
  earlier.event.atMs === later.event.atMs &&
  earlier.event.message.redelivered &&
  releasedUnseen(later, earlier.event)

/** A settlement followed at once by the end of its connection may never have been read. */
export function mayBeUnread(cases: Cases, { settled, left }: DeliveryCase, slackMs: number) {
  if (settled === undefined || left === undefined) return false
  // While the disk is full, a connection may wait for it and read nothing.
  return (
    left.atMs <= settled.atMs + slackMs || fullBetween(cases, settled.atMs - slackMs, left.atMs)
  )
}

/** A removal of all that is in the queue, asked for before `toN` and not over before `fromN`. */
export function removalBetween(
  cases: Cases,
  queue: string,
  fromN: number,
  toN: number,
): HistoryEvent | undefined {
  const isOne = (what: 'purged' | 'deleted') => (event: HistoryEvent & { queue: string }) => {
    if (event.queue !== queue || event.n >= toN) return false
    const done = cases.ofKind(what).find((one) => one.queue === queue && one.n > event.n)
    return (done?.n ?? Number.POSITIVE_INFINITY) > fromN
  }
  return (
    cases.ofKind('purging').find(isOne('purged')) ?? cases.ofKind('deleting').find(isOne('deleted'))
  )
}

/** Whether somebody who acknowledges nothing may have had something of the queue on its way. */
export function takenWithoutAck(
  cases: Cases,
  queue: string,
  from: HistoryEvent,
  toN: number,
): boolean {
  const isOne = (one: EventOf<'consuming'> | EventOf<'getting'>): boolean =>
    one.noAck && one.queue === queue && one.n < toN && one.life >= from.life
  return cases.ofKind('consuming').some(isOne) || cases.ofKind('getting').some(isOne)
}

/** Whether the disk had no room at some time between: what is to be written waits then. */
export function fullBetween(cases: Cases, fromMs: number, toMs: number): boolean {
  return cases.ofKind('disk-full').some((full) => {
    const room = cases.ofKind('disk-room').find(({ n }) => n > full.n)
    // Room is noticed a little later.
    return full.atMs <= toMs && (room === undefined || room.atMs + 500 >= fromMs)
  })
}

/**
 * How often a message of the queue may have been delivered and given back with nobody seeing it: it was
 * on its way to somebody who was leaving. Each that took from the queue can account for one.
 */
function unseenReturns(cases: Cases, queue: string, from: HistoryEvent, toN: number): number {
  const takers = new Map<string, HistoryEvent | undefined>()
  for (const one of cases.ofKind('consuming')) {
    if (one.queue !== queue || one.n > toN) continue
    const over = cases.overOf.get(one.consumer) ?? cases.leftOf.get(one.channel)
    takers.set(`consumer ${one.consumer}`, over ?? cases.lives[one.life]?.end)
  }
  for (const one of cases.ofKind('getting')) {
    if (one.queue !== queue || one.n > toN) continue
    const over = cases.leftOf.get(one.channel) ?? cases.lives[one.life]?.end
    takers.set(`channel ${one.channel}`, over)
  }
  // A channel that waits for the disk learns late that its client is gone.
  return [...takers.values()].filter(
    (over) =>
      over !== undefined &&
      over.n < toN &&
      (over.atMs + lateMs >= from.atMs || fullBetween(cases, over.atMs, from.atMs)),
  ).length
}

export const earliestPublish = (cases: Cases, token: string): PublishCase | undefined =>
  cases.byToken.get(token)?.[0]

/** Time to live of the message in the queue, if any. */
export function ttlOf(copy: { queue: QueuePlan; round: number }, publish: PublishCase): number {
  const own = copy.round === 0 ? (publish.event.message.ttlMs ?? Infinity) : Infinity
  return Math.min(own, copy.queue.ttlMs ?? Infinity)
}

/** Ways in which a copy may have left its queue before event `toN`, as far as anybody can know. */
export interface Leavings {
  /** For good. */
  readonly gone: boolean
  /** Through the dead-letter exchange. */
  readonly died: boolean
}

export function leavings(cases: Cases, copy: CopyFacts, toN: number): Leavings {
  const { queue, token, round } = copy
  const publish = earliestPublish(cases, token)
  if (publish === undefined) return { gone: true, died: true }
  const from = publish.event
  const deliveries = (cases.copy(copy)?.deliveries ?? []).filter(({ event }) => event.n < toN)
  const settled = deliveries.map((one) => one.settled).filter((one) => one && one.n < toN)
  const gone =
    deliveries.some(({ event }) => event.noAck) ||
    settled.some((one) => one?.how === 'ack') ||
    // It went round by itself: dropped, as a cycle without a rejection.
    (round > 0 && from.message.ttlMs !== undefined) ||
    removalBetween(cases, queue.name, from.n, toN) !== undefined ||
    takenWithoutAck(cases, queue.name, from, toN)
  const untilMs = (cases.events[toN]?.atMs ?? Infinity) + lateMs
  const ttlMs = ttlOf(copy, publish)
  const died =
    settled.some((one) => one?.how === 'reject') ||
    from.atMs + ttlMs <= untilMs ||
    // The wall clock may have been set while the machine was down.
    (ttlMs < Number.POSITIVE_INFINITY && from.life !== cases.events[toN]?.life) ||
    (queue.lengthMax !== undefined && queue.overflow === 'drop-head') ||
    (queue.deliveryLimit !== undefined &&
      deliveries.length + unseenReturns(cases, queue.name, from, toN) > queue.deliveryLimit)
  return { gone, died }
}

export interface CopyFacts {
  readonly token: string
  readonly queue: QueuePlan
  readonly round: number
  readonly from: string
}

/**
 * Whether what stood there is accounted for in a drained picture: there itself, gone for a reason, or
 * moved on. Undefined when it is; else the copy that is missing.
 */
export function missing(
  cases: Cases,
  copy: CopyFacts,
  drained: EventOf<'drained'>,
  depth = 0,
): CopyFacts | undefined {
  const known: CopyCase | undefined = cases.copy(copy)
  if (known?.stood.some(({ event }) => event === drained)) return undefined
  const { gone, died } = leavings(cases, copy, drained.n)
  if (gone || depth > 12) return undefined
  if (!died) return copy
  const targets = deadLetterRoute(cases.queues, copy.queue)
  for (const name of targets) {
    const queue = cases.queues.find((one) => one.name === name)
    if (queue === undefined || !queue.durable) continue
    const next = { token: copy.token, queue, round: copy.round + 1, from: copy.queue.name }
    const lost = missing(cases, next, drained, depth + 1)
    if (lost !== undefined) return lost
  }
  return undefined
}
