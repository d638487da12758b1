/*
 * Who overtook whom.
 *
 *   L waits from `readyMs` on ────────────▶ L delivered        M stands behind L and is delivered
 *                    M delivered ▲                             in between: M has overtaken L
 *
 * A queue picks a message some time before it hands it out (the delivery is noted on disk first), so
 * L must have waited longer than the disk takes. First deliveries are held to it without that
 * allowance, except where a consumer left meanwhile and gave back what had been picked for it.
 */

import type { CaseFiles, DeliveryCase, MessageCase } from '../case-files.ts'
import {
  acceptedSettle,
  acceptingPublish,
  confirmOf,
  fullBetween,
  settingsOf,
  trueTime,
} from '../facts.ts'
import { type Bounds, type Finding, finding } from '../rule.ts'

export interface Turn {
  readonly message: MessageCase
  readonly delivery: DeliveryCase
  /** Place of the message in its queue. */
  readonly place: number
  readonly priority: number
  /** True time from which on it could have been delivered; Infinity where that cannot be told. */
  readonly readyMs: number
  readonly first: boolean
  readonly confirmed: boolean
  /** Attempts lie between this delivery and the one seen before it. */
  readonly skipped: boolean
  /** The delivery before this one was in an earlier life. */
  readonly restarted: boolean
}

type Pair = (waiting: Turn, passing: Turn) => boolean

/** Every pair in which `passing` overtook `waiting` and `matters` says that this was not allowed. */
export function* overtaken(files: CaseFiles, bounds: Bounds, matters: Pair): Generator<Finding> {
  for (const turns of turnsByQueue(files)) {
    for (let w = 0; w < turns.length; w++) {
      const waiting = turns[w] as Turn
      for (let p = 0; p < w; p++) {
        const passing = turns[p] as Turn
        if (passing.message === waiting.message || !matters(waiting, passing)) continue
        if (!passedBy(files, bounds, waiting, passing)) continue
        yield finding(
          waiting.message.id,
          `waited in ${waiting.delivery.event.message.queue} and was overtaken by ${passing.message.id}`,
          passing.delivery.event,
          waiting.delivery.event,
        )
      }
    }
  }
}

function passedBy(files: CaseFiles, bounds: Bounds, waiting: Turn, passing: Turn): boolean {
  const before = waiting.priority === passing.priority && waiting.place < passing.place
  if (!before && waiting.priority <= passing.priority) return false
  // It may have been picked in time for a consumer that left before it was handed out.
  const { life } = waiting.delivery.event
  if (waiting.skipped && consumerLeft(files, files.lives[life]?.opened.atMs ?? 0, waiting)) {
    return false
  }
  const passedMs = passing.delivery.event.atMs
  if (passedMs > waiting.readyMs + bounds.slackMs) {
    return !fullBetween(files, waiting.readyMs, waiting.delivery.event.atMs)
  }
  // Two first deliveries of one priority: strict, as both were picked in the order of their places.
  const strict = before && waiting.first && passing.first && waiting.readyMs < Infinity
  return strict && !consumerLeft(files, passedMs - bounds.slackMs, waiting)
}

function consumerLeft(files: CaseFiles, fromMs: number, waiting: Turn): boolean {
  const toMs = waiting.delivery.event.atMs
  const leaves = [...files.ofKind('stopped'), ...files.ofKind('unsubscribing')]
  return leaves.some((event) => event.atMs >= fromMs && event.atMs <= toMs)
}

const turnsOf = new WeakMap<CaseFiles, Turn[][]>()

/** The deliveries of each queue in each life, in the order in which they were made. */
function turnsByQueue(files: CaseFiles): Turn[][] {
  const known = turnsOf.get(files)
  if (known !== undefined) return known
  const groups = new Map<string, Turn[]>()
  for (const message of files.messages) {
    const place = placeOf(message)
    if (place === undefined) continue
    for (const [n, delivery] of message.deliveries.entries()) {
      const { life, message: facts } = delivery.event
      if (heldBackByKey(files, facts.queue, life)) continue
      const key = `${life} ${facts.queue}`
      const turn = turnOf(files, message, n, place)
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [turn])
      else group.push(turn)
    }
  }
  const turns = [...groups.values()]
  for (const group of turns) group.sort((a, b) => a.delivery.event.n - b.delivery.event.n)
  turnsOf.set(files, turns)
  return turns
}

/** Messages of busy keys stand aside, and come back when the setting goes. */
const heldBackByKey = (files: CaseFiles, queue: string, life: number): boolean =>
  settingsOf(files, queue, files.lives[life]?.opened.n ?? 0)?.perKey === true ||
  files.ofKind('declared').some((one) => {
    return one.queue === queue && one.life === life && one.settings.perKey
  })

/** Undefined for what the engine itself put into a queue: its place cannot be seen from outside. */
function placeOf(message: MessageCase): number | undefined {
  return message.internal ? undefined : acceptingPublish(message)?.publishing.publish
}

function turnOf(files: CaseFiles, message: MessageCase, n: number, place: number): Turn {
  const delivery = message.deliveries[n] as DeliveryCase
  const before = message.deliveries[n - 1]
  const { event } = delivery
  return {
    message,
    delivery,
    place,
    priority: event.message.priority,
    readyMs: readyMs(files, message, delivery, before),
    first: before === undefined && event.attempt === 1,
    confirmed: message.publishes.some((publish) => confirmOf(publish) !== undefined),
    skipped: event.attempt > (before?.event.attempt ?? 0) + 1,
    restarted: before !== undefined && before.event.life < event.life,
  }
}

function readyMs(
  files: CaseFiles,
  message: MessageCase,
  delivery: DeliveryCase,
  before: DeliveryCase | undefined,
): number {
  const { event } = delivery
  if (before !== undefined && before.event.life === event.life) return releasedMs(before)
  if (before !== undefined && lastDelayMs(before) > 0) return Number.POSITIVE_INFINITY
  const publishing = acceptingPublish(message)?.publishing
  const opened = files.lives[event.life]?.opened
  if (publishing === undefined || opened === undefined) return Number.POSITIVE_INFINITY
  const { availableAtMs } = event.message
  const free = availableAtMs > 0 ? trueTime(files, event.life, availableAtMs) + 1_000 : 0
  const there = publishing.life === event.life ? publishing.atMs : opened.atMs
  return free > there ? Number.POSITIVE_INFINITY : there
}

function releasedMs(before: DeliveryCase): number {
  const settle = acceptedSettle(before)
  if (settle !== undefined) {
    return lastDelayMs(before) > 0 ? Number.POSITIVE_INFINITY : (settle.settled?.atMs ?? Infinity)
  }
  return (before.revoked[0] ?? before.givenBack)?.atMs ?? Number.POSITIVE_INFINITY
}

function lastDelayMs(delivery: DeliveryCase): number {
  let delayMs = 0
  for (const { settling, settled } of delivery.settles) {
    const { settlement } = settling
    if (settlement.kind === 'retry' && settled?.accepted !== false) {
      delayMs = Math.max(delayMs, settlement.delayMs)
    }
  }
  return delayMs
}
