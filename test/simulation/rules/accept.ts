import { isInternal, refusalOf } from '../case-files.ts'
import { acknowledgedFrom, confirmOf, firstConfirm, roomSinceMs, tell } from '../facts.ts'
import { finding, type Rule } from '../rule.ts'
import { overtaken } from './order.ts'

/** A call on a running engine is answered within this time while the disk has room, whatever the answer. */
const answerMs = 5_000

const confirmedEndsSomewhere: Rule = {
  number: 1,
  title: 'a confirmed message ends queued, with its outcome, or in a logged removal',
  *judge(files) {
    const end = files.ofKind('probed').findLast((event) => event.when === 'end')
    if (end === undefined) return
    for (const message of files.messages) {
      const confirmed = firstConfirm(message)
      if (confirmed === undefined || acknowledgedFrom(message) < end.n) continue
      const answer = end.probe.answers.get(message.id)
      if (answer?.state === 'final') continue
      yield finding(
        message.id,
        `was confirmed, and after everything had the time to finish it is ${answer ? tell(answer) : 'not answered for'}`,
        confirmed,
        end,
      )
    }
  },
}

const confirmedSurvives: Rule = {
  number: 2,
  title: 'a confirmed message is present after recovery from any later disk image',
  *judge(files) {
    for (const message of files.messages) {
      const confirmed = firstConfirm(message)
      if (confirmed === undefined) continue
      const acknowledged = acknowledgedFrom(message)
      for (const { event, answer } of message.probes) {
        if (event.n < confirmed.n || event.n > acknowledged) continue
        if (answer.state === 'pending' || answer.state === 'final') continue
        yield finding(message.id, `was confirmed and is ${tell(answer)}`, confirmed, event)
      }
    }
  },
}

const oneAnswerEach: Rule = {
  number: 3,
  title: 'each publish gets exactly one answer, for its own id',
  *judge(files) {
    for (const { publishing, answers } of files.publishes) {
      const id = publishing.message.id
      if (answers.length > 1) {
        yield finding(
          id,
          `publish ${publishing.publish} was answered twice`,
          publishing,
          ...answers,
        )
      }
      const confirmed = confirmOf({ publishing, answers })
      if (confirmed !== undefined && confirmed.id !== id) {
        yield finding(id, `its confirm is for ${confirmed.id}`, publishing, confirmed)
      }
      if (answers.length > 0) continue
      const end = files.lives[publishing.life]?.end ?? files.events.at(-1)
      const endMs = end?.atMs ?? 0
      // What was being written when the disk became full waits for room.
      const waitedMs = endMs - Math.max(publishing.atMs, roomSinceMs(files, endMs))
      if (end?.kind === 'cut' && waitedMs < answerMs) continue
      yield finding(id, `publish ${publishing.publish} was never answered`, publishing, end)
    }
  },
}

const receivedAsSent: Rule = {
  number: 4,
  title: 'whatever is received was published, byte for byte',
  *judge(files) {
    for (const message of files.messages) {
      if (message.internal) continue
      for (const { event } of message.deliveries) {
        const { digest, content, replayOf, queue } = event.message
        if (isInternal(queue)) continue
        const original = replayOf === undefined ? undefined : files.caseOf(replayOf, event.n)
        // A replay of a replay that nobody ever received: what it holds cannot be known.
        const again = replayOf !== undefined && (original?.facts?.content ?? content) === content
        const sent =
          again ||
          message.publishes.some(
            (publish) =>
              publish.publishing.message.digest === digest && !confirmOf(publish)?.duplicate,
          )
        if (!sent) yield finding(message.id, 'was received with bytes nobody sent', event)
        const first = message.deliveries[0]
        if (first !== undefined && first.event.message.digest !== digest) {
          yield finding(message.id, 'was received with different bytes', first.event, event)
        }
      }
    }
  },
}

const refusedNeverDelivered: Rule = {
  number: 5,
  title: 'a refused message is never delivered',
  *judge(files) {
    for (const message of files.messages) {
      for (const publish of message.publishes) {
        const refused = refusalOf(publish)
        if (refused === undefined) continue
        const { digest } = publish.publishing.message
        for (const { event } of message.deliveries) {
          if (event.message.digest !== digest) continue
          yield finding(message.id, `was refused (${refused.code}) and delivered`, refused, event)
        }
      }
    }
  },
}

const oneCopy: Rule = {
  number: 6,
  title: 'one publish makes at most one live copy in a queue',
  *judge(files) {
    for (const message of files.messages) {
      const seen = new Map<number, (typeof message.deliveries)[number]>()
      for (const delivery of message.deliveries) {
        const { attempt } = delivery.event
        const before = seen.get(attempt)
        if (before !== undefined) {
          yield finding(
            message.id,
            `attempt ${attempt} was delivered twice: there are two copies`,
            before.event,
            delivery.event,
          )
        }
        seen.set(attempt, delivery)
      }
    }
  },
}

const sentOrderKept: Rule = {
  number: 7,
  title: 'confirmed messages of one sender keep their order in a queue',
  judge: (files, bounds) =>
    overtaken(files, bounds, (waiting, passing) => {
      const both = waiting.first && passing.first
      return both && waiting.confirmed && passing.confirmed && waiting.priority === passing.priority
    }),
}

export const acceptRules: readonly Rule[] = [
  confirmedEndsSomewhere,
  confirmedSurvives,
  oneAnswerEach,
  receivedAsSent,
  refusedNeverDelivered,
  oneCopy,
  sentOrderKept,
]
