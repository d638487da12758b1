import type { Cases, CopyCase, DeliveryCase } from '../cases.ts'
import { mayBeSwapped, mayBeUnread, releasedUnseen, releaseOf } from '../facts.ts'
import type { EventOf, HistoryEvent } from '../history.ts'
import { type BrokerRule, finding } from '../rule.ts'

/**
 * After a crash a dead letter may stand on both sides: its copy is written before it is taken away, and
 * it dies once more. So what is said of one delivery after another holds there as long as none came.
 */
const isComparable = (cases: Cases, copy: CopyCase, after: HistoryEvent): boolean =>
  copy.round === 0 ||
  (after.kind === 'delivered' && cases.byToken.get(copy.token)?.[0]?.event.life === after.life)

/** Sent more than once: one that was lost unconfirmed may be followed by another. */
const sentOnce = (cases: Cases, { token }: CopyCase): boolean =>
  (cases.byToken.get(token)?.length ?? 0) === 1

/** It is taken back from its consumer behind the consumer's back. */
const isTimed = (cases: Cases, token: string): boolean =>
  cases.byToken.get(token)?.[0]?.event.message.timed === true

const isTracked = (cases: Cases, { token }: CopyCase): boolean =>
  cases.byToken.get(token)?.[0]?.event.message.tracked === true

function* pairs(cases: Cases, copy: CopyCase): Generator<readonly [DeliveryCase, DeliveryCase]> {
  for (const [n, after] of copy.deliveries.entries()) {
    for (const before of copy.deliveries.slice(0, n)) {
      if (!isComparable(cases, copy, after.event) || mayBeSwapped(before, after)) continue
      yield [before, after]
    }
  }
}

const oneOwner: BrokerRule = {
  number: 8,
  title: 'a message that somebody holds is delivered to nobody else',
  *judge(cases) {
    for (const copy of cases.copies.values()) {
      if (isTimed(cases, copy.token)) continue
      for (const [before, after] of pairs(cases, copy)) {
        if (before.event.noAck || before.event.life !== after.event.life) continue
        const released = releaseOf(before)
        if (released !== undefined && released.n < after.event.n) continue
        if (releasedUnseen(before, after.event)) continue
        yield finding(copy.token, 'was delivered while held', before.event, after.event)
      }
    }
  },
}

const redeliveredTold: BrokerRule = {
  number: 10,
  title: 'redelivered is false only for what was never delivered before, crashes included',
  *judge(cases, { slackMs }) {
    for (const copy of cases.copies.values()) {
      if (!sentOnce(cases, copy)) continue
      for (const [before, { event }] of pairs(cases, copy)) {
        if (event.message.redelivered || isFarewell(cases, before, slackMs)) continue
        yield finding(copy.token, 'was delivered before, and is not marked so', before.event, event)
      }
      for (const { event, received } of copy.stood) {
        const before = copy.deliveries.find((one) => one.event.n < event.n)
        if (received.redelivered || !before || !isComparable(cases, copy, event)) continue
        if (isFarewell(cases, before, slackMs)) continue
        yield finding(copy.token, 'was delivered, and recovers unmarked', before.event, event)
      }
      yield* markedTooEarly(cases, copy, slackMs)
    }
  },
}

/** Marked on its first delivery, although no consumer that is gone can have had it. */
function* markedTooEarly(cases: Cases, copy: CopyCase, slackMs: number) {
  const [seenFirst, ...others] = copy.deliveries
  const first = seenFirst?.event
  const sent = cases.byToken.get(copy.token)?.[0]?.event
  if (copy.round > 0 || !first?.message.redelivered || !sent || sent.life !== first.life) return
  if (others.some((other) => mayBeSwapped(seenFirst as DeliveryCase, other))) return
  // That a client is gone is noticed a little later.
  const gone = [...cases.ofKind('left'), ...cases.ofKind('cancel-ok'), ...cases.ofKind('cancelled')]
  if (gone.some(({ n, atMs }) => atMs >= sent.atMs - slackMs && n < first.n)) return
  yield finding(copy.token, 'is marked redelivered on its first delivery', sent, first)
}

/**
 * What is on its way to a consumer that acknowledges nothing is given to it when it is cancelled, some of
 * it before that is on disk: the one case in which it may come again, after a power cut.
 */
const isFarewell = (cases: Cases, { event, left }: DeliveryCase, slackMs: number): boolean => {
  const end = left ?? cases.ofKind('cancel-ok').find(({ consumer }) => consumer === event.consumer)
  return event.noAck && end !== undefined && end.atMs <= event.atMs + slackMs
}

const acknowledgedStaysGone: BrokerRule = {
  number: 11,
  title: 'what was acknowledged or dead-lettered is not delivered again',
  *judge(cases, { slackMs }) {
    for (const copy of cases.copies.values()) {
      if (!sentOnce(cases, copy) || isTimed(cases, copy.token)) continue
      for (const before of copy.deliveries) {
        const { settled } = before
        if (!settled || settled.how === 'requeue' || mayBeUnread(cases, before, slackMs)) continue
        for (const seen of [...copy.deliveries, ...copy.stood]) {
          const { event } = seen
          if (event.n <= settled.n || !isComparable(cases, copy, event)) continue
          if ('settled' in seen && mayBeSwapped(before, seen)) continue
          // A picture of this life shows what is on disk: an acknowledgement may not be yet.
          const isSame = event.kind === 'delivered' && event.life === settled.life
          if (!isSame && !isOnDisk(cases, settled, event, slackMs)) continue
          yield finding(
            copy.token,
            `comes again after ${settled.how}`,
            before.event,
            settled,
            event,
          )
        }
      }
    }
  },
}

/** Something sent well behind it was confirmed as durable, so it is on disk as well. */
function isOnDisk(
  cases: Cases,
  settled: HistoryEvent,
  until: HistoryEvent,
  slackMs: number,
): boolean {
  return cases.publishes.some(({ event, confirms, returns }) => {
    if (event.life !== settled.life || event.atMs <= settled.atMs + slackMs) return false
    const { message, routed } = event
    const isDurable = message.persistent && routed.certain.some((name) => name !== 'passing')
    const confirm = confirms.find(({ ok, n }) => ok && n < until.n)
    return isDurable && returns.length === 0 && confirm !== undefined && wroteFor(cases, event)
  })
}

/** It waited in a queue: what is handed over at once, unacknowledged, writes nothing. */
const wroteFor = (cases: Cases, { routed }: EventOf<'published'>): boolean =>
  routed.certain.some(
    (name) =>
      name !== 'passing' &&
      !cases.ofKind('consuming').some((one) => one.noAck && one.queue === name) &&
      cases.queues.find((one) => one.name === name)?.lengthMax === undefined,
  )

const noAckOnce: BrokerRule = {
  number: 16,
  title: 'what was delivered without acknowledgement is never delivered again',
  *judge(cases, { slackMs }) {
    for (const copy of cases.copies.values()) {
      if (isTracked(cases, copy) || !sentOnce(cases, copy)) continue
      for (const before of copy.deliveries) {
        if (!before.event.noAck || isFarewell(cases, before, slackMs)) continue
        for (const seen of [...copy.deliveries, ...copy.stood]) {
          const { event } = seen
          if (event.n <= before.event.n || !isComparable(cases, copy, event)) continue
          if ('settled' in seen && mayBeSwapped(before, seen)) continue
          yield finding(copy.token, 'was handed over, and comes again', before.event, event)
        }
      }
    }
  },
}

const prefetchKept: BrokerRule = {
  number: 12,
  title: 'nobody holds more than its prefetch',
  *judge(cases) {
    const copies = [...cases.copies.values()].filter(({ token }) => !isTimed(cases, token))
    const deliveries = copies.flatMap((copy) => copy.deliveries)
    for (const consuming of cases.ofKind('consuming')) {
      const { consumer, channel, prefetch, shared } = consuming
      const most = prefetch || shared
      if (most === 0) continue
      const own = deliveries.filter(({ event }) =>
        shared > 0
          ? event.channel === channel && event.consumer !== undefined
          : event.consumer === consumer,
      )
      for (const { event } of own) {
        const held = own.filter(
          (one) =>
            one.event.n <= event.n &&
            (releaseOf(one)?.n ?? Number.POSITIVE_INFINITY) > event.n &&
            // What came from a queue that is gone counts no more.
            !cases.ofKind('deleting').some((gone) => {
              return gone.queue === one.event.queue && gone.n > one.event.n && gone.n < event.n
            }),
        )
        if (held.length <= most) continue
        const text = `consumer ${consumer} holds ${held.length} with a prefetch of ${most}`
        yield finding(event.message.token, text, consuming, event)
      }
    }
  },
}

const nothingOutsideConsuming: BrokerRule = {
  number: 17,
  title: 'nothing is delivered before consume-ok, after cancel-ok, or out of a deleted queue',
  *judge(cases) {
    const begun = new Map(cases.ofKind('consume-ok').map((event) => [event.consumer, event]))
    const over = new Map<number, HistoryEvent>()
    for (const event of [...cases.ofKind('cancel-ok'), ...cases.ofKind('cancelled')]) {
      if (!over.has(event.consumer)) over.set(event.consumer, event)
    }
    for (const event of cases.ofKind('delivered')) {
      if (event.consumer === undefined) continue
      const first = begun.get(event.consumer)
      const { token } = event.message
      if (!first || first.n > event.n) yield finding(token, 'came before consume-ok', event, first)
      const end = over.get(event.consumer)
      if (end && end.n < event.n) yield finding(token, 'came after cancel-ok', end, event)
    }
    yield* outOfDeleted(cases)
  },
}

/** What stood in a queue that was deleted is in no later picture of a queue of that name. */
function* outOfDeleted(cases: Cases) {
  for (const kind of ['deleted', 'purged'] as const) {
    for (const done of cases.ofKind(kind)) {
      const asking = cases
        .ofKind(kind === 'deleted' ? 'deleting' : 'purging')
        .findLast((one) => one.queue === done.queue && one.n < done.n)
      if (asking === undefined || asking.life !== done.life) continue
      for (const copy of cases.copies.values()) {
        const sent = cases.byToken.get(copy.token)
        if (copy.queue.name !== done.queue || sent?.length !== 1 || copy.round > 0) continue
        const acked = sent[0]?.confirms.find(({ ok }) => ok)
        if (acked === undefined || acked.n > asking.n) continue
        yield* seenAgain(cases, copy, done, kind)
      }
    }
  }
}

function* seenAgain(
  cases: Cases,
  copy: CopyCase,
  done: EventOf<'deleted'> | EventOf<'purged'>,
  kind: string,
) {
  // What somebody held, or had coming, when the queue was purged stays, and comes back.
  if (kind === 'purged' && (copy.deliveries.length > 0 || isTaken(cases, copy, done.n))) return
  for (const { event } of [...copy.deliveries, ...copy.stood]) {
    if (event.n > done.n)
      yield finding(copy.token, `comes again after its queue was ${kind}`, done, event)
  }
}

/** Somebody takes from it: it may have been on its way to them. */
const isTaken = (cases: Cases, { queue }: CopyCase, before: number): boolean =>
  [...cases.ofKind('consuming'), ...cases.ofKind('getting')].some(
    (one) => one.queue === queue.name && one.n < before,
  )

export const deliveryRules: readonly BrokerRule[] = [
  oneOwner,
  redeliveredTold,
  acknowledgedStaysGone,
  noAckOnce,
  prefetchKept,
  nothingOutsideConsuming,
]
