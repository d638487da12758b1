/*
 * Who overtook whom in a queue.
 *
 *   L waits from `readyMs` on ───────────▶ L delivered       M stands behind L and is delivered in
 *                   M delivered ▲                            between: M has overtaken L
 *
 * Two messages can be put in order when one channel published both, or the first was confirmed before
 * the second was sent. A queue picks a message some time before it hands it out, so L must have waited
 * longer than the disk takes; two first deliveries of what one channel published are held to it strictly.
 */

import type { Cases, CopyCase, DeliveryCase, PublishCase } from '../cases.ts'
import { fullBetween, promiseOf, releaseOf } from '../facts.ts'
import { type Bounds, type BrokerRule, finding } from '../rule.ts'

interface Turn {
  readonly copy: CopyCase
  readonly publish: PublishCase
  readonly delivery: DeliveryCase
  readonly priority: number
  /** True time from which on it could have been delivered; Infinity where that cannot be told. */
  readonly readyMs: number
  readonly first: boolean
  /** The delivery before this one was in an earlier life, or may have been. */
  readonly restarted: boolean
}

type Pair = (waiting: Turn, passing: Turn) => boolean

const known = new WeakMap<Cases, readonly (readonly Turn[])[]>()

/** The deliveries of each queue in each life, in the order in which they were made. */
function turnsOf(cases: Cases): readonly (readonly Turn[])[] {
  const before = known.get(cases)
  if (before) return before
  const turns: Turn[] = []
  for (const copy of cases.copies.values()) {
    const sent = cases.byToken.get(copy.token)
    const publish = sent?.[0]
    // What waits for a commit has its place by the commit.
    if (!publish || sent.length > 1 || copy.round > 0 || publish.event.tx !== 0) continue
    for (const n of copy.deliveries.keys()) turns.push(turnOf(cases, copy, publish, n))
  }
  turns.sort((a, b) => a.delivery.event.n - b.delivery.event.n)
  const groups = Map.groupBy(turns, ({ delivery: { event }, copy }) => {
    return `${event.life} ${copy.queue.name}`
  })
  const made = [...groups.values()]
  known.set(cases, made)
  return made
}

function turnOf(cases: Cases, copy: CopyCase, publish: PublishCase, n: number): Turn {
  const delivery = copy.deliveries[n] as DeliveryCase
  const before = copy.deliveries[n - 1]
  const { event } = delivery
  const opened = cases.lives[event.life]?.opened.atMs ?? 0
  const isSameLife = (before?.event ?? publish.event).life === event.life
  // It was on its way to somebody who is gone: nobody knows since when it waits again.
  const isUnseen = before === undefined && event.message.redelivered
  const since = isUnseen ? undefined : publish.event.atMs
  const freed = before ? releaseOf(before)?.atMs : since
  const readyMs = isSameLife ? (freed ?? Number.POSITIVE_INFINITY) : opened
  return {
    copy,
    publish,
    delivery,
    priority: Math.min(publish.event.message.priority, copy.queue.priorityMax),
    readyMs,
    first: before === undefined && !event.message.redelivered,
    restarted: before !== undefined && !isSameLife,
  }
}

const isBefore = (a: PublishCase, b: PublishCase): boolean =>
  a.event.channel === b.event.channel
    ? a.event.n < b.event.n
    : (promiseOf(a)?.n ?? Number.POSITIVE_INFINITY) < b.event.n

function* overtaken(cases: Cases, { slackMs }: Bounds, matters: Pair) {
  for (const turns of turnsOf(cases)) {
    for (const [w, waiting] of turns.entries()) {
      for (const passing of turns.slice(0, w)) {
        if (passing.copy === waiting.copy || !matters(waiting, passing)) continue
        if (!passed(waiting, passing, slackMs)) continue
        if (fullBetween(cases, waiting.readyMs, waiting.delivery.event.atMs)) continue
        if (!waiting.first && mayHaveBeenTaken(cases, waiting)) continue
        const { token, queue } = waiting.copy
        yield finding(
          token,
          `waited in ${queue.name} and was overtaken by ${passing.copy.token}`,
          waiting.publish.event,
          passing.publish.event,
          passing.delivery.event,
          waiting.delivery.event,
        )
      }
    }
  }
}

/** Somebody is gone since it came back: it may have been on its way to them. */
function mayHaveBeenTaken(cases: Cases, { copy, readyMs, delivery }: Turn): boolean {
  if (cases.byToken.get(copy.token)?.[0]?.event.message.timed) return true
  const gone = [...cases.ofKind('left'), ...cases.ofKind('cancel-ok'), ...cases.ofKind('cancelled')]
  return gone.some(({ atMs, n }) => atMs >= readyMs && n < delivery.event.n)
}

function passed(waiting: Turn, passing: Turn, slackMs: number): boolean {
  if (waiting.priority < passing.priority) return false
  const isRanked = waiting.priority > passing.priority
  if (!isRanked && !isBefore(waiting.publish, passing.publish)) return false
  // Who of two receivers was first can be told only when the one came well before the other.
  const isGet = [waiting, passing].some(({ delivery }) => delivery.event.consumer === undefined)
  const isOneReceiver = waiting.delivery.event.channel === passing.delivery.event.channel
  const gapMs = waiting.delivery.event.atMs - passing.delivery.event.atMs
  if ((isGet || !isOneReceiver) && gapMs <= slackMs) return false
  if (passing.delivery.event.atMs > waiting.readyMs + slackMs) return true
  const isOneChannel = waiting.publish.event.channel === passing.publish.event.channel
  return !isRanked && isOneChannel && waiting.first && passing.first
}

const sameRank: Pair = (waiting, passing) => waiting.priority === passing.priority

const firstInFirstOut: BrokerRule = {
  number: 13,
  title: 'first deliveries of a queue are first in, first out (and 7: in the order of publishing)',
  judge: (cases, bounds) =>
    overtaken(cases, bounds, (waiting, passing) => {
      return sameRank(waiting, passing) && waiting.first && passing.first
    }),
}

const oldPlaceAfterRequeue: BrokerRule = {
  number: 14,
  title: 'what was given back stands at its old place',
  judge: (cases, bounds) =>
    overtaken(cases, bounds, (waiting, passing) => {
      return sameRank(waiting, passing) && !waiting.first && !waiting.restarted
    }),
}

const oldPlaceAfterRestart: BrokerRule = {
  number: 15,
  title: 'after a restart what was unsettled is delivered again, in its old order',
  *judge(cases, bounds) {
    yield* overtaken(cases, bounds, (waiting, passing) => {
      return sameRank(waiting, passing) && waiting.restarted
    })
    yield* standing(cases)
  },
}

/** In a picture of the disk all stand in the order in which they were published. */
function* standing(cases: Cases) {
  for (const picture of cases.ofKind('drained')) {
    for (const [name, all] of picture.queues) {
      const copies = all.map(({ token, deaths: round, from }) => {
        return cases.copy({ token, queue: { name }, round, from })
      })
      let highest: { publish: PublishCase; priority: number } | undefined
      for (const copy of copies) {
        const sent = copy && cases.byToken.get(copy.token)
        const publish = sent?.[0]
        if (!copy || !publish || sent.length > 1 || copy.round > 0 || publish.event.tx) continue
        const priority = Math.min(publish.event.message.priority, copy.queue.priorityMax)
        const isLate =
          highest !== undefined &&
          (priority > highest.priority ||
            (priority === highest.priority && isBefore(publish, highest.publish)))
        if (isLate) {
          const text = `recovers in ${name} behind ${highest?.publish.event.message.token}`
          yield finding(copy.token, text, publish.event, highest?.publish.event, picture)
        }
        if (!isLate) highest = { publish, priority }
      }
    }
  }
}

const priorityFirst: BrokerRule = {
  number: 18,
  title: 'a higher priority is delivered first',
  judge: (cases, bounds) =>
    overtaken(cases, bounds, (waiting, passing) => waiting.priority > passing.priority),
}

export const orderRules: readonly BrokerRule[] = [
  firstInFirstOut,
  oldPlaceAfterRequeue,
  oldPlaceAfterRestart,
  priorityFirst,
]
