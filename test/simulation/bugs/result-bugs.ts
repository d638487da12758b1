import type { StoredOutcome } from '../../../src/message/outcome.ts'
import { each, liar, type PlantedBug } from '../planted-bug.ts'

const changed = (outcome: StoredOutcome, changes: Partial<StoredOutcome>): StoredOutcome => ({
  ...outcome,
  ...changes,
})

export const resultBugs: readonly PlantedBug[] = [
  liar(20, 'a second look at an outcome gives another one', (engine) => {
    const now = each(7)
    return {
      answer: async (id) => {
        const answer = await engine.answer(id)
        if (answer.state !== 'final' || !now()) return answer
        const { attempts } = answer.outcome
        return { state: 'final', outcome: changed(answer.outcome, { attempts: attempts + 1 }) }
      },
    }
  }),
  liar(21, 'a late settle is told that it counted', (engine) => ({
    settle: async (delivery, settlement) => {
      await engine.settle(delivery, settlement)
      return { accepted: true }
    },
  })),
  liar(22, 'outcomes change in a restart', (engine, opening) => ({
    answer: async (id) => {
      const answer = await engine.answer(id)
      if (answer.state !== 'final' || opening < 2) return answer
      return { state: 'final', outcome: changed(answer.outcome, { code: 'thrown' }) }
    },
  })),
  liar(23, 'a message counts as waiting and has its outcome too', (engine) => ({
    queues: async () => {
      const queues = await engine.queues()
      return queues.map((queue) =>
        queue.accepted > 20 ? { ...queue, ready: queue.ready + 1 } : queue,
      )
    },
  })),
  liar(24, 'an outcome is shown when it is given, not when it is durable', (engine) => {
    const waiting = new Map<string, (outcome: StoredOutcome) => void>()
    return {
      whenFinal: (id, told) => {
        waiting.set(id, told)
        return engine.whenFinal(id, (outcome) => {
          if (waiting.delete(id)) told(outcome)
        })
      },
      settle: (delivery, settlement) => {
        const { message, queue, attempt: attempts, acceptedAtMs } = delivery
        const settled = engine.settle(delivery, settlement)
        const told = waiting.get(message.id)
        if (settlement.kind !== 'final' || told === undefined) return settled
        waiting.delete(message.id)
        const { code, contentType, body } = settlement
        const finishedAtMs = engine.nowMs()
        told({
          id: message.id,
          queue,
          code,
          contentType,
          body,
          attempts,
          acceptedAtMs,
          finishedAtMs,
        })
        return settled
      },
    }
  }),
  liar(25, 'somebody who waits is told of another message', (engine) => {
    let before: StoredOutcome | undefined
    return {
      whenFinal: (id, told) =>
        engine.whenFinal(id, (outcome) => {
          told(before ?? outcome)
          before = outcome
        }),
    }
  }),
  liar(25, 'somebody who waits is never told', (engine) => {
    const now = each(8)
    return { whenFinal: (id, told) => (now() ? () => undefined : engine.whenFinal(id, told)) }
  }),
  liar(26, 'what expired is called canceled', (engine) => {
    const renamed = (outcome: StoredOutcome) =>
      outcome.code === 'expired' ? changed(outcome, { code: 'canceled' }) : outcome
    return {
      whenFinal: (id, told) => engine.whenFinal(id, (outcome) => told(renamed(outcome))),
      outcomes: async (filter) => (await engine.outcomes(filter)).map(renamed),
      answer: async (id) => {
        const answer = await engine.answer(id)
        return answer.state === 'final'
          ? { state: 'final', outcome: renamed(answer.outcome) }
          : answer
      },
    }
  }),
]
