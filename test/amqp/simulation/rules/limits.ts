import type { Cases } from '../cases.ts'
import { isKept, leavings, mayBeUnread, promiseOf, releaseOf, ttlOf } from '../facts.ts'
import type { EventOf } from '../history.ts'
import { type BrokerRule, finding } from '../rule.ts'

const lateMs = 250
/** Clocks count whole milliseconds. */
const earlyMs = 2

const oneActive: BrokerRule = {
  number: 18,
  title: 'of a single active consumer’s queue one consumer is served, the one that came first',
  *judge(cases) {
    const over = new Map<number, number>()
    for (const event of [...cases.ofKind('cancel-ok'), ...cases.ofKind('cancelled')])
      over.set(event.consumer, Math.min(event.n, over.get(event.consumer) ?? Infinity))
    for (const consuming of cases.ofKind('consuming')) {
      const queue = cases.queues.find(({ name }) => name === consuming.queue)
      if (queue?.singleActive !== true) continue
      const left = cases.ofKind('left').find(({ channel }) => channel === consuming.channel)
      const end = Math.min(
        over.get(consuming.consumer) ?? Infinity,
        left?.n ?? Infinity,
        cases.lives[consuming.life]?.end?.n ?? Infinity,
      )
      const begun = cases
        .ofKind('consume-ok')
        .find(({ consumer }) => consumer === consuming.consumer)
      for (const event of cases.ofKind('delivered')) {
        const isOther = event.consumer !== undefined && event.consumer > consuming.consumer
        if (!isOther || event.queue !== queue.name || !begun) continue
        if (event.n < begun.n || event.n > end) continue
        yield finding(event.message.token, 'went past the active consumer', consuming, event)
      }
    }
  },
}

const timeToLive: BrokerRule = {
  number: 32,
  title: 'a message expires neither early nor more than 250 ms late',
  *judge(cases, bounds) {
    for (const copy of cases.copies.values()) {
      const publish = cases.byToken.get(copy.token)?.[0]
      if (!publish || copy.round > 0 || publish.event.tx !== 0) continue
      const ttlMs = ttlOf(copy, publish)
      const { event: sent } = publish
      const first = copy.deliveries[0]?.event
      const troubled = cases.events.some(
        ({ kind, life }) => life === sent.life && (kind === 'disk-failed' || kind === 'disk-full'),
      )
      if (first && first.life === sent.life && !troubled && first.consumer !== undefined) {
        const lateByMs = first.atMs - sent.atMs - ttlMs
        if (lateByMs > lateMs + bounds.slackMs)
          yield finding(copy.token, `was delivered ${lateByMs} ms after it expired`, sent, first)
      }
    }
    yield* expiredEarly(cases)
  },
}

/** A dead letter that says it expired came before its time. */
function* expiredEarly(cases: Cases) {
  for (const event of cases.ofKind('delivered')) {
    const { token, reason, deaths } = event.message
    const publish = cases.byToken.get(token)?.[0]
    if (reason !== 'expired' || deaths !== 1 || !publish) continue
    const { routed, message, life } = publish.event
    const names = [...routed.certain, ...routed.possible]
    const ttls = cases.queues.filter(({ name }) => names.includes(name)).map(({ ttlMs }) => ttlMs)
    const least = Math.min(message.ttlMs ?? Infinity, ...ttls.map((ttlMs) => ttlMs ?? Infinity))
    const waitedMs = event.atMs - publish.event.atMs
    if (life !== event.life || waitedMs >= least - earlyMs) continue
    yield finding(token, `expired after ${waitedMs} of ${least} ms`, publish.event, event)
  }
}

const deliveriesLimited: BrokerRule = {
  number: 36,
  title: 'a message is delivered at most once more than its queue’s limit, then dead-lettered',
  *judge(cases, { slackMs }) {
    for (const copy of cases.copies.values()) {
      const { deliveryLimit } = copy.queue
      if (deliveryLimit === undefined || copy.round > 0) continue
      // A settlement that was on its way when its connection ended may not have counted.
      const counted = copy.deliveries.filter(
        (one) => one.settled?.how === 'requeue' && !mayBeUnread(cases, one, slackMs),
      )
      const beyond = counted[deliveryLimit + 1]
      if (beyond) {
        const text = `was given back ${counted.length} times with a limit of ${deliveryLimit}`
        yield finding(copy.token, text, beyond.event, copy.deliveries.at(-1)?.event)
      }
    }
  },
}

const lengthKept: BrokerRule = {
  number: 39,
  title: 'a full queue pushes out its head or refuses: it holds no more than its limit',
  *judge(cases) {
    for (const counted of cases.ofKind('counted')) {
      for (const [name, ready] of counted.ready) {
        const queue = cases.queues.find((one) => one.name === name)
        if (queue?.lengthMax === undefined) continue
        // What was taken may come back into a queue that is full already.
        const takers = [...cases.ofKind('consuming'), ...cases.ofKind('getting')]
        if (takers.some((one) => one.queue === name && one.n < counted.n)) continue
        // What was pushed out just before a crash is back until the next one comes.
        if (counted.life > 0) continue
        if (ready > queue.lengthMax)
          yield finding(name, `holds ${ready}, at most ${queue.lengthMax} fit`, counted)
      }
    }
  },
}

const countsExact: BrokerRule = {
  number: 40,
  title: 'purge and delete say exactly how many went',
  *judge(cases) {
    for (const kind of ['purged', 'deleted'] as const) {
      for (const done of cases.ofKind(kind)) {
        if (!done.quiet) continue
        const counted = cases.ofKind('counted').findLast(({ n }) => n < done.n)
        const expected = counted?.ready.get(done.queue)
        if (counted === undefined || expected === undefined || expected === done.count) continue
        const text = `${kind} ${done.count} when ${expected} were ready`
        yield finding(done.queue, text, counted, done)
      }
    }
  },
}

const booksAddUp: BrokerRule = {
  number: 41,
  title: 'at rest a queue counts what was published to it and is neither held nor gone',
  *judge(cases, { slackMs }) {
    for (const counted of cases.ofKind('counted')) {
      for (const [name, ready] of counted.ready) {
        const { least, most } = expectedReady(cases, name, counted, slackMs)
        if (ready >= least && ready <= most) continue
        yield finding(name, `counts ${ready} ready, expected ${least} to ${most}`, counted)
      }
    }
  },
}

/** What must and what may be ready; dead letters and requests make the upper end open. */
function expectedReady(cases: Cases, name: string, counted: EventOf<'counted'>, slackMs: number) {
  const queue = cases.queues.find((one) => one.name === name)
  const open = { least: 0, most: Number.POSITIVE_INFINITY }
  if (!queue || ['dead', 'asks', 'replies', 'wait', 'work'].includes(name)) return open
  let least = 0
  let most = 0
  for (const publish of cases.publishes) {
    const { event } = publish
    if (event.n > counted.n) break
    const isCertain = event.routed.certain.includes(name)
    if (!isCertain && !event.routed.possible.includes(name)) continue
    const copy = { token: event.message.token, queue, round: 0, from: '' }
    const { gone, died } = leavings(cases, copy, counted.n)
    const deliveries = (cases.copy(copy)?.deliveries ?? []).filter((one) => one.event.n < counted.n)
    const last = deliveries.at(-1)
    const isHeld = deliveries.some(
      (one) =>
        one.event.life === counted.life &&
        (releaseOf(one)?.n ?? Number.POSITIVE_INFINITY) > counted.n,
    )
    if (isHeld) continue
    const settled = deliveries.some(
      (one) => one.settled && one.settled.how !== 'requeue' && !mayBeUnread(cases, one, slackMs),
    )
    const promise = promiseOf(publish)
    const isSure =
      promise !== undefined &&
      promise.n < counted.n &&
      (event.life === counted.life || isKept(publish, queue))
    if (isSure && isCertain && !gone && !died) least++
    if (!(settled && last?.event.life === counted.life)) most++
  }
  return { least, most }
}

const allDelivered: BrokerRule = {
  number: 19,
  title: 'when faults are over and consumers have credit, every message is delivered',
  *judge(cases) {
    const end = cases.ofKind('drained').findLast(({ when }) => when === 'end')
    for (const [name, left] of end?.queues ?? []) {
      if (left.length === 0 || name === 'replies') continue
      yield finding(name, `still holds ${left.length} at the end, ${left[0]?.token} first`, end)
    }
  },
}

export const limitRules: readonly BrokerRule[] = [
  oneActive,
  timeToLive,
  deliveriesLimited,
  lengthKept,
  countsExact,
  booksAddUp,
  allDelivered,
]
