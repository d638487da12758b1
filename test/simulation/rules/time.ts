import type { CaseFiles, MessageCase } from '../case-files.ts'
import { acceptedSettle, acceptingPublish, fullBetween } from '../facts.ts'
import type { HistoryEvent } from '../history.ts'
import { type Bounds, finding, type Rule } from '../rule.ts'

const lateMs = 250
/** A timer may run this much early: clocks count whole milliseconds. */
const earlyMs = 1

/**
 * The engine's times at which the message may expire at the earliest, and must at the latest: a time
 * to live counts from when it could have been delivered, and its queue's may have been changed.
 */
function expiry(files: CaseFiles, message: MessageCase): { earliestMs: number; latestMs: number } {
  const { facts } = message
  const accepted = acceptingPublish(message)?.publishing.nowMs
  if (facts === undefined || accepted === undefined) {
    return { earliestMs: Number.NEGATIVE_INFINITY, latestMs: Number.POSITIVE_INFINITY }
  }
  const declared = files.ofKind('declared').filter((one) => one.queue === facts.queue)
  const ttls = declared.map((one) => one.settings.ttlMs ?? Number.POSITIVE_INFINITY)
  const own = facts.ttlMs
  const waitsMs = Math.max(accepted, facts.availableAtMs)
  const latestTtlMs = own ?? Math.max(...ttls, ttls.length === 0 ? Infinity : 0)
  return {
    earliestMs: Math.min(facts.deadlineAtMs, accepted + (own ?? Math.min(...ttls, Infinity))),
    latestMs: Math.min(facts.deadlineAtMs, waitsMs + latestTtlMs),
  }
}

/** An engine that has just opened, or whose disk is failing, is given time. */
function busy(files: CaseFiles, event: HistoryEvent, bounds: Bounds): boolean {
  const life = files.lives[event.life]
  if (life === undefined || (life.failed && life.failed.n < event.n)) return true
  if (fullBetween(files, life.opened.atMs, event.atMs)) return true
  return event.atMs - life.opened.atMs < 1_000 + bounds.slackMs
}

const expiresOnTime: Rule = {
  number: 32,
  title: 'a message expires neither early nor more than 250 ms late',
  *judge(files, bounds) {
    for (const message of files.messages) {
      if (message.internal || message.facts === undefined) continue
      const shown = message.shown[0]
      const { earliestMs, latestMs } = expiry(files, message)
      if (shown?.outcome.code === 'expired' && shown.outcome.finishedAtMs < earliestMs - earlyMs) {
        const ms = earliestMs - shown.outcome.finishedAtMs
        yield finding(message.id, `expired ${ms} ms early`, shown.event)
      }
      const limitMs = message.facts.deadlineAtMs + lateMs + bounds.slackMs
      for (const { event, answer } of message.probes) {
        if (answer.state !== 'pending' || event.nowMs < limitMs) continue
        if (event.when !== 'quiet' || busy(files, event, bounds)) continue
        yield finding(message.id, `is pending ${event.nowMs - limitMs} ms too long`, event)
      }
      for (const { event } of message.deliveries) {
        const endMs = latestMs + lateMs + bounds.slackMs
        if (event.nowMs < endMs || event.attempt > 1 || busy(files, event, bounds)) continue
        yield finding(message.id, `was delivered ${event.nowMs - endMs} ms after it expired`, event)
      }
    }
  },
}

const delaysKept: Rule = {
  number: 33,
  title: 'a delayed message is not delivered early, across restarts too',
  *judge(files) {
    for (const message of files.messages) {
      for (const [n, { event }] of message.deliveries.entries()) {
        const before = message.deliveries[n - 1]
        const settle = before && acceptedSettle(before)
        const settlement = settle?.settling.settlement
        // An attempt in between, on record and never seen, began when the delay had ended.
        const isNext = event.attempt === (before?.event.attempt ?? 0) + 1
        const delayMs = settlement?.kind === 'retry' && isNext ? settlement.delayMs : 0
        const freeMs = Math.max(
          // Not after a restart in which the wall clock was set back: it was free before.
          event.attempt === 1 ? event.message.availableAtMs : 0,
          delayMs > 0 ? (settle?.settling.nowMs ?? 0) + delayMs : 0,
        )
        if (event.nowMs >= freeMs - earlyMs) continue
        const ms = freeMs - event.nowMs
        yield finding(
          message.id,
          `was delivered ${ms} ms before its delay ended`,
          settle?.settling,
          event,
        )
      }
    }
    yield* delayedTooLong(files)
  },
}

function* delayedTooLong(files: CaseFiles) {
  for (const event of files.ofKind('probed')) {
    if (event.when !== 'quiet') continue
    for (const queue of event.probe.queues) {
      if (queue.delayed === 0 || queue.name.startsWith('callback:')) continue
      const waiting = files.messages.filter(
        (message) =>
          message.facts?.queue === queue.name &&
          event.probe.answers.get(message.id)?.state === 'pending' &&
          stillDelayed(message, event),
      )
      if (queue.delayed <= waiting.length) continue
      yield finding(
        queue.name,
        `counts ${queue.delayed} delayed messages, and only ${waiting.length} have a reason to wait`,
        event,
      )
    }
  }
}

function stillDelayed(message: MessageCase, event: HistoryEvent): boolean {
  const replayed = message.facts?.replayOf !== undefined || message.publishes.length === 0
  if (replayed || (message.facts?.availableAtMs ?? 0) + 1_000 > event.nowMs) return true
  return message.deliveries.some((delivery) =>
    delivery.settles.some(({ settling }) => {
      const { settlement } = settling
      return (
        settlement.kind === 'retry' && settling.nowMs + settlement.delayMs + 1_000 > event.nowMs
      )
    }),
  )
}

const jumpsChangeNothing: Rule = {
  number: 34,
  title: 'jumps of the wall clock change nothing while the engine runs',
  *judge(files, { driftMs = earlyMs }) {
    for (const event of files.events) {
      const opened = files.lives[event.life]?.opened
      const life = files.lives[event.life]
      if (opened === undefined || event.n < opened.n) continue
      if (life?.end !== undefined && event.n > life.end.n) continue
      const offMs = event.nowMs - opened.nowMs - (event.atMs - opened.atMs)
      if (Math.abs(offMs) <= driftMs) continue
      yield finding('clock', `the engine's time is off by ${offMs} ms`, opened, event)
      return
    }
  },
}

const leaseEnds: Rule = {
  number: 35,
  title: 'a delivery that is not settled in time is taken back once, on time, and fenced',
  *judge(files, bounds) {
    for (const delivery of files.deliveries) {
      const { event, revoked, settles } = delivery
      const { id, timeoutMs } = event.message
      if (revoked.length > 1) yield finding(id, 'was taken back twice', ...revoked)
      const timeout = revoked.find((one) => one.reason === 'timeout')
      if (timeout !== undefined && timeout.atMs - event.atMs < timeoutMs - earlyMs) {
        yield finding(
          id,
          `was taken back after ${timeout.atMs - event.atMs} of ${timeoutMs} ms`,
          event,
          timeout,
        )
      }
      if (timeoutMs === 0) continue
      const life = files.lives[event.life]
      const end = life?.failed ?? life?.end ?? files.events.at(-1)
      const released = [settles[0]?.settling, revoked[0], delivery.givenBack, end]
      const heldMs = Math.min(...released.map((one) => one?.atMs ?? Infinity)) - event.atMs
      if (heldMs <= timeoutMs + lateMs + bounds.slackMs) continue
      yield finding(id, `was held for ${heldMs} ms with a limit of ${timeoutMs} ms`, event)
    }
  },
}

export const timeRules: readonly Rule[] = [expiresOnTime, delaysKept, jumpsChangeNothing, leaseEnds]
