import type { CaseFiles, DeliveryCase, MessageCase } from '../case-files.ts'
import { acceptedSettle, unseenReplays } from '../facts.ts'
import type { EventOf } from '../history.ts'
import { finding, type Rule } from '../rule.ts'

/** Outcomes whose message is kept for people to look at. */
const keptAsDead = new Set(['thrown', 'lost', 'expired', 'rejected', 'invalid'])

/** Deliveries that used up an attempt, as far as the consumer can know. */
function counted(message: MessageCase): number {
  return message.deliveries.filter((delivery) => {
    const settle = acceptedSettle(delivery)?.settling.settlement.kind
    return settle === 'retry' || delivery.revoked.some((one) => one.reason === 'timeout')
  }).length
}

const givenBackUntouched = (delivery: DeliveryCase): boolean =>
  delivery.givenBack !== undefined ||
  delivery.revoked.some((one) => one.reason === 'closed') ||
  acceptedSettle(delivery)?.settling.settlement.kind === 'return'

const attemptsLimited: Rule = {
  number: 36,
  title: 'a message is attempted at most as often as its limit says, then it has its error',
  *judge(files) {
    for (const message of files.messages) {
      const limit = message.facts?.attemptsMax
      if (limit === undefined || message.internal) continue
      const begun = message.deliveries.filter((delivery) => !givenBackUntouched(delivery))
      if (begun.length > limit + 1) {
        const text = `was delivered ${begun.length} times with a limit of ${limit}`
        yield finding(message.id, text, begun.at(-1)?.event)
      }
      const attempts = counted(message)
      const last = message.deliveries.at(-1)
      if (attempts > limit) {
        yield finding(
          message.id,
          `was attempted ${attempts} times with a limit of ${limit}`,
          last?.event,
        )
      }
      const outcome = message.shown[0]?.outcome
      const exhausted = outcome?.code === 'thrown' || outcome?.code === 'lost'
      const asked = last?.settles.some(({ settling }) => settling.settlement.kind === 'final')
      if (!exhausted || asked || message.deliveries.length === 0) continue
      const most = message.deliveries.at(-1)?.event.attempt ?? 0
      if (most >= limit || (outcome?.attempts ?? 0) >= limit) continue
      yield finding(
        message.id,
        `ended as ${outcome?.code} after ${most} of ${limit} attempts`,
        last?.event,
        message.shown[0]?.event,
      )
    }
  },
}

const deadLettersKept: Rule = {
  number: 37,
  title: 'a dead letter is never on no side: it is live, kept, or was taken away by somebody',
  *judge(files) {
    const taken = new Set<string>()
    for (const event of files.events) {
      if (event.kind === 'dropping' || event.kind === 'replaying') {
        for (const id of event.ids) taken.add(id)
      }
      if (event.kind !== 'probed') continue
      for (const [id, answer] of event.probe.answers) {
        if (answer.state !== 'final' || !keptAsDead.has(answer.outcome.code)) continue
        if (event.probe.deadIds.has(id) || taken.has(id)) continue
        const text = `ended as ${answer.outcome.code} and is not among the dead letters`
        yield finding(id, text, event)
      }
    }
    yield* replaysFound(files)
    yield* replaysOnce(files)
  },
}

function* replaysOnce(files: CaseFiles) {
  const replays = new Map<string, EventOf<'delivered'>>()
  for (const { event } of files.deliveries) {
    const { replayOf, id } = event.message
    if (replayOf === undefined) continue
    // A replay that was never confirmed may be gone after a crash, and its dead letter still there.
    if (files.caseOf(id, event.n)?.goneAt !== Number.POSITIVE_INFINITY) continue
    const other = replays.get(replayOf)
    if (other !== undefined && other.message.id !== id) {
      yield finding(replayOf, `was replayed twice, as ${other.message.id} and ${id}`, other, event)
    }
    replays.set(replayOf, event)
  }
}

/** A replay whose ids were told is a message like any other; it replaces its dead letter. */
function* replaysFound(files: CaseFiles) {
  for (const replayed of files.ofKind('replayed')) {
    const replaying = files.ofKind('replaying').find((one) => one.call === replayed.call)
    for (const probed of files.ofKind('probed')) {
      if (probed.n < replayed.n) continue
      for (const id of replayed.newIds) {
        const state = probed.probe.answers.get(id)?.state
        if (state === 'pending' || state === 'final') continue
        yield finding(id, `was made by a replay and is ${state}`, replayed, probed)
      }
      if (replayed.newIds.length !== replaying?.ids.length) continue
      for (const id of replaying.ids) {
        if (!probed.probe.deadIds.has(id)) continue
        yield finding(id, 'was replayed and is still among the dead letters', replayed, probed)
      }
    }
  }
}

/** What was held, or on its way to a consumer, comes back into a queue that is full already. */
const comesBackMax = 20

const depthKept: Rule = {
  number: 39,
  title: 'a full queue refuses, or pushes out its oldest message with an outcome',
  *judge(files) {
    for (const event of files.ofKind('probed')) {
      if (event.when !== 'quiet') continue
      for (const { name } of event.probe.queues) {
        const declared = files
          .ofKind('declared')
          .filter((one) => one.queue === name && one.n < event.n)
        const most = Math.max(...declared.map((one) => one.settings.depthMax))
        const waiting = files.messages.filter(
          ({ id, facts, deliveries }) =>
            facts?.queue === name &&
            event.probe.answers.get(id)?.state === 'pending' &&
            !deliveries.some((delivery) => delivery.event.n < event.n),
        )
        if (declared.length === 0 || waiting.length <= most + comesBackMax) continue
        yield finding(name, `${waiting.length} new messages wait, at most ${most} fit`, event)
      }
    }
  },
}

/** Two purges at once share what they remove. */
function overlapped(
  files: CaseFiles,
  purging: EventOf<'purging'>,
  purged: EventOf<'purged'>,
): boolean {
  return files.ofKind('purging').some((other) => {
    const end = files.ofKind('purged').find((one) => one.call === other.call)?.n ?? Infinity
    return (
      other !== purging && other.queue === purging.queue && other.n < purged.n && end > purging.n
    )
  })
}

const purgeCounted: Rule = {
  number: 40,
  title: 'a purge says exactly how many it removed',
  *judge(files) {
    for (const purging of files.ofKind('purging')) {
      const purged = files.ofKind('purged').find((one) => one.call === purging.call)
      if (purged === undefined || overlapped(files, purging, purged)) continue
      const gone = files.messages.filter(
        ({ shown, cancels }) =>
          cancels.length === 0 &&
          shown[0]?.outcome.queue === purging.queue &&
          shown[0].outcome.code === 'canceled' &&
          shown[0].outcome.finishedAtMs >= purging.nowMs &&
          shown[0].outcome.finishedAtMs <= purged.nowMs,
      )
      const asked = files.messages.filter(
        ({ shown, cancels }) => shown[0]?.outcome.queue === purging.queue && cancels.length > 0,
      )
      const most = gone.length + asked.length + unseenReplays(files)
      if (purged.count >= gone.length && purged.count <= most) continue
      yield finding(
        purging.queue,
        `said it removed ${purged.count}; ${gone.length} are canceled`,
        purging,
        purged,
      )
    }
  },
}

export const limitRules: readonly Rule[] = [
  attemptsLimited,
  deadLettersKept,
  depthKept,
  purgeCounted,
]
