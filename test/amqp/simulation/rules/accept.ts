import { type Cases, isOurs, type PublishCase } from '../cases.ts'
import { isKept, missing, promiseOf, refusalOf } from '../facts.ts'
import type { HistoryEvent } from '../history.ts'
import { type BrokerRule, finding } from '../rule.ts'

/** A channel that stays open is answered within this time. */
const answerMs = 5_000

/** What is promised and not there in a picture taken later. */
function* lost(cases: Cases, when: (event: { when: string }) => boolean) {
  const pictures = cases.ofKind('drained').filter(when)
  for (const publish of cases.publishes) {
    const promise = promiseOf(publish)
    if (promise === undefined || publish.event.message.tracked) continue
    for (const name of publish.event.routed.certain) {
      const queue = cases.queues.find((one) => one.name === name)
      if (queue === undefined || !isKept(publish, queue)) continue
      const { token } = publish.event.message
      for (const picture of pictures) {
        if (picture.n < promise.n) continue
        const gone = missing(cases, { token, queue, round: 0, from: '' }, picture)
        if (gone !== undefined) yield { publish, promise, picture, gone }
      }
    }
  }
}

const confirmedEndsSomewhere: BrokerRule = {
  number: 1,
  title:
    'a confirmed persistent message ends in its queue, or acknowledged, dead-lettered, removed',
  *judge(cases) {
    for (const { publish, promise, picture, gone } of lost(cases, ({ when }) => when === 'end')) {
      if (gone.round > 0) continue
      const text = `was confirmed for ${gone.queue.name}, and at the end it is nowhere`
      yield finding(gone.token, text, publish.event, promise, picture)
    }
  },
}

const confirmedSurvives: BrokerRule = {
  number: 2,
  title: 'a confirmed persistent message is there after recovery from any later disk image',
  *judge(cases) {
    for (const { publish, promise, picture, gone } of lost(cases, ({ when }) => when !== 'end')) {
      if (gone.round > 0) continue
      const text = `was confirmed for ${gone.queue.name} and is not there (${picture.when})`
      yield finding(gone.token, text, publish.event, promise, picture)
    }
  },
}

const deadLetterOnDisk: BrokerRule = {
  number: 37,
  title: 'a dead-lettered message is at no time in neither queue',
  *judge(cases) {
    for (const { publish, picture, gone } of lost(cases, () => true)) {
      if (gone.round === 0) continue
      const text = `was dead-lettered towards ${gone.queue.name} and is in neither queue`
      yield finding(gone.token, text, publish.event, picture)
    }
  },
}

const oneAnswerEach: BrokerRule = {
  number: 3,
  title: 'each publish number is answered once; what is returned is returned before its ack',
  *judge(cases) {
    for (const wrong of cases.ofKind('confirmed-wrongly')) {
      yield finding(`channel ${wrong.channel}`, `number ${wrong.seq} was answered again`, wrong)
    }
    for (const wrong of cases.ofKind('returned-wrongly')) {
      yield finding(wrong.token, `was returned again, or not sent on ${wrong.channel}`, wrong)
    }
    for (const publish of cases.publishes) {
      const { event, confirms, returns } = publish
      const { token } = event.message
      if (confirms.length > 1) yield finding(token, 'was answered twice', event, ...confirms)
      if (returns.length > 1) yield finding(token, 'was returned twice', event, ...returns)
      const [confirm, returned] = [confirms[0], returns[0]]
      if (confirm && returned && returned.n > confirm.n)
        yield finding(token, 'was returned after its ack', confirm, returned)
      yield* unanswered(cases, publish)
      yield* wronglyReturned(cases, publish)
    }
  },
}

function* unanswered(cases: Cases, { event, confirms, committing, committed, left }: PublishCase) {
  const asked: HistoryEvent | undefined = event.seq > 0 ? event : committing
  if (asked === undefined || confirms.length > 0 || committed !== undefined) return
  const life = cases.lives[event.life]
  // A disk that fails or fills lets publishers wait.
  const troubled = life?.failed ?? cases.ofKind('disk-full').find((one) => one.life === event.life)
  const end = left ?? life?.end ?? cases.events.at(-1)
  if (troubled || end === undefined || end.atMs - asked.atMs < answerMs) return
  yield finding(event.message.token, 'was never answered', event, end)
}

function* wronglyReturned(cases: Cases, { event, returns, confirms }: PublishCase) {
  const { mandatory, routed, message } = event
  const leadsOn = routed.certain.length > 0
  const returned = returns[0]
  // It waits to be read while a publish before it waits for the disk: its queue may be deleted meanwhile.
  const isStillThere = (name: string): boolean =>
    !cases
      .ofKind('deleting')
      .some(({ queue, n }) => queue === name && n > event.n && n < (returned?.n ?? 0))
  // What waits for a commit is routed when that comes.
  if (returned && event.tx === 0 && (routed.certain.some(isStillThere) || !mandatory))
    yield finding(message.token, 'was returned though a queue takes it', event, returned)
  const mustReturn = mandatory && !leadsOn && routed.possible.length === 0
  const acked = confirms.find(({ ok }) => ok)
  if (mustReturn && acked && !returned)
    yield finding(message.token, 'leads nowhere and was not returned', event, acked)
}

const receivedAsSent: BrokerRule = {
  number: 4,
  title: 'whatever is received was published, byte for byte',
  *judge(cases) {
    for (const copy of cases.copies.values()) {
      const sent = cases.byToken.get(copy.token) ?? []
      const all = [
        ...copy.deliveries.map(({ event }) => ({ event, message: event.message })),
        ...copy.stood.map(({ event, received }) => ({ event, message: received })),
      ]
      for (const { event, message } of all) {
        const whole = copy.round === 0 && copy.queue.type === 'classic'
        const isSame = sent.some(({ event: { message: one } }) =>
          whole ? one.digest === message.digest : one.bodyDigest === message.bodyDigest,
        )
        if (!isSame) yield finding(copy.token, 'was received with bytes nobody sent', event)
      }
    }
  },
}

const refusedNeverDelivered: BrokerRule = {
  number: 5,
  title: 'what was refused, returned or rolled back is never delivered',
  *judge(cases) {
    for (const publish of cases.publishes) {
      const { event, returns } = publish
      const { token } = event.message
      if ((cases.byToken.get(token)?.length ?? 0) > 1) continue
      const refused = refusalOf(cases, publish) ?? returns[0]
      if (refused === undefined) continue
      // Refused by a queue that dead-letters what it refuses: its copies are meant.
      for (const copy of cases.copies.values()) {
        if (copy.token !== token || copy.round > 0) continue
        const seen = copy.deliveries[0]?.event ?? copy.stood[0]?.event
        if (seen) yield finding(token, `was refused, and is in ${copy.queue.name}`, refused, seen)
      }
    }
  },
}

const oneCopy: BrokerRule = {
  number: 6,
  title: 'one publish makes at most one copy in each queue it leads to, and none elsewhere',
  *judge(cases) {
    for (const copy of cases.copies.values()) {
      if (copy.round > 0 || !isOurs(copy.token)) continue
      const sent = cases.byToken.get(copy.token) ?? []
      const leads = sent.some(({ event: { routed } }) =>
        [...routed.certain, ...routed.possible].includes(copy.queue.name),
      )
      const seen = copy.deliveries[0]?.event ?? copy.stood[0]?.event
      if (!leads) yield finding(copy.token, `is in ${copy.queue.name}, where it must not be`, seen)
      for (const [picture, all] of Map.groupBy(copy.stood, ({ event }) => event)) {
        if (all.length > 1) {
          const text = `stands ${all.length} times in ${copy.queue.name}`
          yield finding(copy.token, text, picture)
        }
      }
    }
  },
}

export const acceptRules: readonly BrokerRule[] = [
  confirmedEndsSomewhere,
  confirmedSurvives,
  deadLetterOnDisk,
  oneAnswerEach,
  receivedAsSent,
  refusedNeverDelivered,
  oneCopy,
]
