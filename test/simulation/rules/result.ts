import type { CaseFiles, MessageCase, Shown } from '../case-files.ts'
import {
  acceptedSettle,
  acceptingPublish,
  fullBetween,
  sameOutcome,
  tell,
  unseenReplays,
} from '../facts.ts'
import type { OutcomeFacts } from '../history.ts'
import { finding, type Rule } from '../rule.ts'

/** Someone who waits is told within this time, the disk's own aside. */
const tellMs = 1_000

const oneOutcome: Rule = {
  number: 20,
  title: 'a message has exactly one outcome',
  *judge(files) {
    for (const message of files.messages) {
      const first = message.shown[0]
      for (const other of message.shown) {
        if (first === undefined || sameOutcome(first.outcome, other.outcome)) continue
        yield finding(
          message.id,
          `was shown as ${describe(first.outcome)} and as ${describe(other.outcome)}`,
          first.event,
          other.event,
        )
      }
      const finals = message.deliveries
        .map((delivery) => acceptedSettle(delivery))
        .filter((settle) => settle?.settling.settlement.kind === 'final')
      if (finals.length > 1) {
        yield finding(
          message.id,
          `${finals.length} final settlements were accepted`,
          ...finals.map((settle) => settle?.settled),
        )
      }
    }
  },
}

const lateSettleRefused: Rule = {
  number: 21,
  title: 'a late settle changes nothing and is told so',
  *judge(files) {
    for (const delivery of files.deliveries) {
      const { id } = delivery.event.message
      const accepted = delivery.settles.filter((settle) => settle.settled?.accepted)
      if (accepted.length > 1) {
        const [one, two] = accepted
        yield finding(id, 'two settles of one delivery were accepted', one?.settled, two?.settled)
      }
      const lost = delivery.revoked[0] ?? delivery.givenBack
      for (const { settling, settled } of delivery.settles) {
        if (settled?.accepted && lost !== undefined && lost.n < settling.n) {
          yield finding(id, 'a settle after the loss of the delivery was accepted', lost, settled)
        }
        if (settled !== undefined && !settled.accepted && settled.by === undefined) {
          yield finding(id, 'a settle was refused without saying why', settled)
        }
        if (settled === undefined || settled.accepted) continue
        const { settlement } = settling
        if (settlement.kind !== 'final' && settlement.kind !== 'retry') continue
        const shown = files
          .caseOf(id, settling.n)
          ?.shown.find(({ outcome }) => outcome.digest === settlement.digest)
        if (shown) yield finding(id, 'a refused settle became the outcome', settled, shown.event)
      }
    }
  },
}

/** What somebody was told, or was promised by an accepted settle: from then on it must stay. */
function* promises(message: MessageCase): Generator<Shown> {
  const first = message.shown[0]
  if (first !== undefined) yield first
}

function* brokenPromises(message: MessageCase, sameLifeEnd: boolean) {
  for (const { event, outcome } of promises(message)) {
    let firstImageOver = false
    for (const probe of message.probes) {
      if (probe.event.n < event.n) continue
      const soon = !firstImageOver && probe.event.life <= event.life + 1
      if (probe.event.when === 'recovered') firstImageOver = true
      if (soon !== sameLifeEnd) continue
      const { answer } = probe
      if (answer.state === 'final' && sameOutcome(answer.outcome, outcome)) continue
      yield finding(
        message.id,
        `was shown as ${describe(outcome)} and is ${tell(answer)} ${sameLifeEnd ? 'after the cut that followed' : 'in a later image'}`,
        event,
        probe.event,
      )
    }
  }
}

const outcomeStays: Rule = {
  number: 22,
  title: 'an outcome is the same in every later image',
  *judge(files) {
    for (const message of files.messages) {
      yield* brokenPromises(message, false)
      for (const delivery of message.deliveries) {
        const settle = acceptedSettle(delivery)
        if (settle?.settling.settlement.kind !== 'final') continue
        const { code, digest } = settle.settling.settlement
        for (const { event, answer } of message.probes) {
          if (event.n < (settle.settled?.n ?? 0)) continue
          const { outcome } = answer.state === 'final' ? answer : { outcome: undefined }
          if (outcome?.code === code && outcome.digest === digest) continue
          yield finding(
            message.id,
            `its settle as ${code} was accepted and it is ${tell(answer)}`,
            settle.settled,
            event,
          )
        }
      }
    }
  },
}

const shownWhenDurable: Rule = {
  number: 24,
  title: 'an outcome is shown to nobody before it is durable',
  *judge(files) {
    for (const message of files.messages) yield* brokenPromises(message, true)
  },
}

const liveOrFinal: Rule = {
  number: 23,
  title: 'a message is live or final in every image, never both, never neither',
  *judge(files) {
    const unseen = unseenReplays(files)
    for (const event of files.ofKind('probed')) {
      // An outcome that waits for room, or can never be written, is neither in a queue nor known.
      const failed = files.lives[event.life]?.failed
      if (fullBetween(files, event.atMs, event.atMs) || (failed && failed.n < event.n)) continue
      const pending = new Map<string, number>()
      let unplaced = unseen
      for (const [id, answer] of event.probe.answers) {
        if (answer.state !== 'pending') continue
        const queue = files.caseOf(id, event.n)?.facts?.queue
        // A replay that was never delivered: it stands in some queue.
        if (queue === undefined) unplaced++
        else pending.set(queue, (pending.get(queue) ?? 0) + 1)
      }
      for (const queue of event.probe.queues) {
        if (queue.name.startsWith('callback:')) continue
        const live = queue.ready + queue.unsettled + queue.delayed
        const asked = pending.get(queue.name) ?? 0
        const extra = live - asked
        if (extra === 0 || (extra > 0 && extra <= unplaced)) continue
        yield finding(
          queue.name,
          `holds ${live} messages while ${asked} of its ids are pending (${event.when})`,
          event,
        )
      }
    }
  },
}

const waitersTold: Rule = {
  number: 25,
  title: 'everybody who waits gets the outcome of their own message, once',
  *judge(files, bounds) {
    const told = new Map(files.ofKind('told').map((event) => [event.waiter, event]))
    const twice = new Set<number>()
    for (const event of files.ofKind('told')) {
      if (told.get(event.waiter) !== event) twice.add(event.waiter)
    }
    const stopped = new Map(files.ofKind('stopped-waiting').map((event) => [event.waiter, event]))
    for (const waiting of files.ofKind('waiting')) {
      const answer = told.get(waiting.waiter)
      const stop = stopped.get(waiting.waiter)
      if (twice.has(waiting.waiter)) yield finding(waiting.id, 'a waiter was told twice', answer)
      if (answer !== undefined && answer.outcome.id !== waiting.id) {
        yield finding(waiting.id, `a waiter was told of ${answer.outcome.id}`, waiting, answer)
      }
      if (answer !== undefined && stop !== undefined && stop.n < answer.n) {
        yield finding(waiting.id, 'a waiter that had stopped was told', stop, answer)
      }
      if (answer !== undefined || stop !== undefined) continue
      const shown = files.caseOf(waiting.id, waiting.n)?.shown[0]?.event
      const life = files.lives[waiting.life]
      const end = life?.end ?? files.events.at(-1)
      if (shown === undefined || shown.life !== waiting.life || life?.failed || !end) continue
      const since = Math.max(shown.atMs, waiting.atMs)
      if (end.atMs - since < tellMs + bounds.slackMs) continue
      yield finding(waiting.id, 'a waiter was never told', waiting, shown)
    }
  },
}

const deathsAnswered: Rule = {
  number: 26,
  title: 'every way of dying yields an outcome, with a code that fits',
  *judge(files) {
    for (const message of files.messages) {
      const outcome = message.shown[0]?.outcome
      const event = message.shown[0]?.event
      if (outcome === undefined || event === undefined || message.internal) continue
      const wrong = misfit(files, message, outcome)
      if (wrong !== undefined) yield finding(message.id, wrong, event)
    }
  },
}

/** Why the outcome cannot have come about; undefined when it can. */
function misfit(files: CaseFiles, message: MessageCase, outcome: OutcomeFacts): string | undefined {
  const { code } = outcome
  const settles = message.deliveries.flatMap((delivery) => delivery.settles)
  const asked = settles.some(({ settling, settled }) => {
    const { settlement } = settling
    const possible = settled?.accepted !== false
    const kind = settlement.kind === 'final' || settlement.kind === 'retry'
    return possible && kind && settlement.code === code && settlement.digest === outcome.digest
  })
  if (asked) return undefined
  const shownAt = message.shown[0]?.event.n ?? 0
  const { queue } = outcome
  switch (code) {
    case 'lost': {
      // Taken from its consumer, or held by one, seen or on its way, when a life ended.
      const first = acceptingPublish(message)?.publishing.life ?? 0
      const ended = (message.shown[0]?.event.life ?? 0) > first
      const died = ended || message.deliveries.some((delivery) => delivery.revoked.length > 0)
      return died ? undefined : 'is lost though no consumer lost it'
    }
    case 'expired':
      return mayExpire(files, message) ? undefined : 'expired without a deadline'
    case 'canceled': {
      const purged = files.ofKind('purging').some((one) => one.queue === queue && one.n < shownAt)
      return purged || message.cancels.length > 0 ? undefined : 'was canceled by nobody'
    }
    case 'rejected': {
      const drops = files
        .ofKind('declared')
        .some((one) => one.queue === queue && one.settings.overflow === 'drop-head')
      return drops ? undefined : `was rejected, and ${queue} does not push out`
    }
    default:
      return `has the outcome ${code} that nobody gave`
  }
}

function mayExpire(files: CaseFiles, message: MessageCase): boolean {
  const { facts } = message
  // A replay that was never delivered: its settings are not known.
  if (facts === undefined) return true
  if (facts.deadlineAtMs < Number.POSITIVE_INFINITY || facts.ttlMs !== undefined) return true
  return files
    .ofKind('declared')
    .some((one) => one.queue === facts.queue && one.settings.ttlMs !== undefined)
}

const describe = (outcome: OutcomeFacts): string =>
  `${outcome.code} (attempt ${outcome.attempts}, ${outcome.digest})`

export const resultRules: readonly Rule[] = [
  oneOutcome,
  lateSettleRefused,
  outcomeStays,
  liveOrFinal,
  shownWhenDurable,
  waitersTold,
  deathsAnswered,
]
