import type { CaseFiles } from '../case-files.ts'
import { acceptedSettle, acknowledgedFrom, livesBetween, releaseOf } from '../facts.ts'
import type { HistoryEvent } from '../history.ts'
import { finding, type Rule } from '../rule.ts'
import { overtaken } from './order.ts'

const oneOwner: Rule = {
  number: 8,
  title: 'one attempt has one owner: nobody else holds the message meanwhile',
  *judge(files) {
    for (const message of files.messages) {
      for (const [n, delivery] of message.deliveries.entries()) {
        const before = message.deliveries[n - 1]
        if (before === undefined || before.event.life !== delivery.event.life) continue
        const released = releaseOf(before)
        if (released !== undefined && released.n < delivery.event.n) continue
        yield finding(
          message.id,
          `attempt ${delivery.event.attempt} began while attempt ${before.event.attempt} was held`,
          before.event,
          delivery.event,
        )
      }
    }
  },
}

function unseenPossible(files: CaseFiles, since: HistoryEvent, event: HistoryEvent): boolean {
  if (livesBetween(since, event) > 0) return true
  const leaves = [...files.ofKind('stopped'), ...files.ofKind('unsubscribing')]
  return leaves.some((leave) => leave.n > since.n && leave.n < event.n)
}

const attemptsRise: Rule = {
  number: 9,
  title: 'the attempt number rises by one with each delivery; tags never repeat',
  *judge(files) {
    const tags = new Map<string, (typeof files.deliveries)[number]>()
    for (const delivery of files.deliveries) {
      const key = `${delivery.event.life} ${delivery.event.tag}`
      const before = tags.get(key)
      if (before !== undefined) {
        const { event } = delivery
        yield finding(event.message.id, `tag ${event.tag} was used twice`, before.event, event)
      }
      tags.set(key, delivery)
    }
    for (const message of files.messages) {
      for (const [n, { event }] of message.deliveries.entries()) {
        const before = message.deliveries[n - 1]?.event
        const since = before ?? message.publishes[0]?.publishing
        const expected = (before?.attempt ?? 0) + 1
        // An attempt that was noted on disk and not handed out, because of a crash or because its
        // consumer left, is skipped.
        const skipped = since === undefined || unseenPossible(files, since, event)
        const right = skipped ? event.attempt >= expected : event.attempt === expected
        if (right) continue
        yield finding(
          message.id,
          `was delivered as attempt ${event.attempt}, expected ${expected}`,
          since,
          event,
        )
      }
    }
  },
}

const redeliveredTold: Rule = {
  number: 10,
  title: 'redelivered is false only for what was never delivered before, crashes included',
  *judge(files) {
    for (const message of files.messages) {
      for (const [n, { event }] of message.deliveries.entries()) {
        const before = message.deliveries[n - 1]?.event
        if (!event.redelivered && before !== undefined) {
          yield finding(message.id, 'was delivered before and is not marked so', before, event)
        }
        const since = message.publishes[0]?.publishing
        const seenFirst = since !== undefined && !unseenPossible(files, since, event)
        if (event.redelivered && before === undefined && seenFirst) {
          yield finding(message.id, 'is marked redelivered on its first delivery', since, event)
        }
        if (event.redelivered !== event.attempt > 1) {
          yield finding(
            message.id,
            `attempt ${event.attempt} has redelivered=${event.redelivered}`,
            event,
          )
        }
      }
    }
  },
}

const nothingAfterFinal: Rule = {
  number: 11,
  title: 'nothing is delivered after its final outcome',
  *judge(files) {
    for (const message of files.messages) {
      const shown = message.shown[0]?.event
      const settled = message.deliveries
        .map((delivery) => acceptedSettle(delivery))
        .find((settle) => settle?.settling.settlement.kind === 'final')?.settled
      for (const { event } of message.deliveries) {
        for (const known of [shown, settled]) {
          if (known === undefined || event.n < known.n) continue
          yield finding(message.id, 'was delivered after its final outcome', known, event)
        }
      }
    }
  },
}

const prefetchKept: Rule = {
  number: 12,
  title: 'a consumer never holds more than its prefetch',
  *judge(files) {
    const prefetch = new Map<number, number>()
    const held = new Map<number, Set<number>>()
    for (const event of files.events) {
      if (event.kind === 'subscribed') prefetch.set(event.consumer, event.prefetch)
      if (event.kind === 'opened') held.clear()
      if (event.kind === 'revoked') held.get(event.consumer)?.delete(event.tag)
      if (event.kind === 'settling') for (const tags of held.values()) tags.delete(event.tag)
      if (event.kind !== 'delivered') continue
      const tags = held.get(event.consumer) ?? new Set()
      held.set(event.consumer, tags.add(event.tag))
      const most = prefetch.get(event.consumer) ?? 0
      if (tags.size <= most) continue
      yield finding(
        event.message.id,
        `consumer ${event.consumer} holds ${tags.size} with a prefetch of ${most}`,
        event,
      )
    }
  },
}

const firstDeliveriesInOrder: Rule = {
  number: 13,
  title: 'first deliveries of a queue are first in, first out',
  judge: (files, bounds) =>
    overtaken(
      files,
      bounds,
      (waiting, passing) => waiting.first && passing.first && waiting.priority === passing.priority,
    ),
}

const oldPlaceAfterRequeue: Rule = {
  number: 14,
  title: 'a requeued message returns to its old place',
  judge: (files, bounds) =>
    overtaken(
      files,
      bounds,
      (waiting, passing) =>
        !waiting.first && !waiting.restarted && waiting.priority === passing.priority,
    ),
}

const oldPlaceAfterRestart: Rule = {
  number: 15,
  title: 'after a restart what was unsettled is delivered again, marked, in its old order',
  *judge(files, bounds) {
    yield* overtaken(
      files,
      bounds,
      (waiting, passing) => waiting.restarted && waiting.priority === passing.priority,
    )
    for (const message of files.messages) {
      for (const [n, { event }] of message.deliveries.entries()) {
        const before = message.deliveries[n - 1]?.event
        if (before === undefined || before.life === event.life || event.redelivered) continue
        yield finding(message.id, 'was held before the restart and is not marked', before, event)
      }
    }
  },
}

const acknowledgedStaysGone: Rule = {
  number: 16,
  title: 'what was acknowledged is never delivered again',
  *judge(files) {
    for (const message of files.messages) {
      if (acknowledgedFrom(message) === Number.POSITIVE_INFINITY) continue
      const settle = message.deliveries
        .map((delivery) => acceptedSettle(delivery))
        .find((one) => one?.settling.settlement.kind === 'acknowledge')
      const settled = settle?.settled
      if (settled === undefined) continue
      for (const { event } of message.deliveries) {
        if (event.n > settled.n) {
          yield finding(message.id, 'was acknowledged and delivered again', settled, event)
        }
      }
    }
  },
}

const nothingAfterStop: Rule = {
  number: 17,
  title: 'a consumer that stopped gets nothing more',
  *judge(files) {
    const stopped = new Map<number, (typeof files.events)[number]>()
    for (const event of files.events) {
      if (event.kind === 'stopped' || event.kind === 'unsubscribing') {
        stopped.set(event.consumer, event)
      }
      if (event.kind !== 'delivered') continue
      const stop = stopped.get(event.consumer)
      if (stop === undefined) continue
      yield finding(event.message.id, `consumer ${event.consumer} had stopped`, stop, event)
    }
  },
}

const priorityFirst: Rule = {
  number: 18,
  title: 'a higher priority is delivered first',
  judge: (files, bounds) =>
    overtaken(files, bounds, (waiting, passing) => waiting.priority > passing.priority),
}

export const deliveryRules: readonly Rule[] = [
  oneOwner,
  attemptsRise,
  redeliveredTold,
  nothingAfterFinal,
  prefetchKept,
  firstDeliveriesInOrder,
  oldPlaceAfterRequeue,
  oldPlaceAfterRestart,
  acknowledgedStaysGone,
  nothingAfterStop,
  priorityFirst,
]
