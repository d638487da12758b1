/*
 * The story of a message as a line of events, in the order in which they happened.
 *
 *   accepted ─▶ delayed ─▶ attempt 1 ─▶ … attempts not kept … ─▶ attempt n ─▶ outcome ─▶ callbacks ─▶ replay
 *                                  or, while it is not home, what it waits for
 */

import type { AttemptJson, CallbackStoryJson, StoryJson } from '../../http/shapes/story-shapes.ts'

export type StoryEvent =
  | { readonly kind: 'accepted'; readonly atMs: number }
  | { readonly kind: 'delayed'; readonly atMs: number; readonly isOver: boolean }
  | { readonly kind: 'attempt'; readonly atMs: number | undefined; readonly attempt: AttemptJson }
  | { readonly kind: 'not-kept'; readonly atMs: undefined; readonly count: number }
  | { readonly kind: 'waits'; readonly atMs: undefined; readonly retryAtMs: number | undefined }
  | {
      readonly kind: 'outcome'
      readonly atMs: number
      readonly code: string
      readonly tookMs: number
    }
  | { readonly kind: 'dead'; readonly atMs: number | undefined }
  | { readonly kind: 'callback'; readonly atMs: undefined; readonly callback: CallbackStoryJson }
  | { readonly kind: 'folded'; readonly atMs: undefined; readonly attempts: readonly AttemptJson[] }
  | {
      readonly kind: 'callback-try'
      readonly atMs: number | undefined
      readonly attempt: AttemptJson
      readonly name: string
    }
  | { readonly kind: 'replayed'; readonly atMs: undefined; readonly id: string }

export function timelineOf(story: StoryJson, nowMs: number): readonly StoryEvent[] {
  const { outcome, acceptedAtMs, availableAtMs, replayedAs } = story
  const events: StoryEvent[] = [{ kind: 'accepted', atMs: acceptedAtMs }]
  if (availableAtMs !== undefined && story.attemptsMade === 0) {
    events.push({ kind: 'delayed', atMs: availableAtMs, isOver: availableAtMs <= nowMs })
  }
  events.push(...attemptEvents(story))
  if (story.state === 'ready') {
    events.push({ kind: 'waits', atMs: undefined, retryAtMs: undefined })
  }
  if (story.state === 'delayed' && story.attemptsMade > 0) {
    events.push({ kind: 'waits', atMs: undefined, retryAtMs: availableAtMs })
  }
  if (outcome !== undefined) {
    const { code, finishedAtMs } = outcome
    events.push({ kind: 'outcome', atMs: finishedAtMs, code, tookMs: finishedAtMs - acceptedAtMs })
  }
  if (story.isDeadLetter) events.push({ kind: 'dead', atMs: outcome?.finishedAtMs })
  events.push(...story.callbacks.flatMap(callbackEvents))
  if (replayedAs !== undefined) events.push({ kind: 'replayed', atMs: undefined, id: replayedAs })
  return events
}

/** Of many attempts the first and the last are kept: the hole between them is told. */
function attemptEvents({ attempts, attemptsMade }: StoryJson): readonly StoryEvent[] {
  const events: StoryEvent[] = []
  let next = 1
  const missing = (until: number): void => {
    const count = until - next
    if (count > 0) events.push({ kind: 'not-kept', atMs: undefined, count })
  }
  for (const attempt of attempts) {
    missing(attempt.number)
    events.push({ kind: 'attempt', atMs: attempt.deliveredAtMs, attempt })
    next = attempt.number + 1
  }
  missing(attemptsMade + 1)
  return events
}

/** The last tries say what is wrong; of twenty the others are one line. */
const triesShown = 2

function folded(tries: readonly AttemptJson[]): readonly StoryEvent[] {
  const attempts = tries.slice(0, -triesShown)
  return attempts.length === 0 ? [] : [{ kind: 'folded', atMs: undefined, attempts }]
}

const callbackEvents = (callback: CallbackStoryJson): readonly StoryEvent[] => [
  { kind: 'callback', atMs: undefined, callback },
  ...folded(callback.tries),
  ...callback.tries.slice(-triesShown).map(
    (attempt): StoryEvent => ({
      kind: 'callback-try',
      atMs: attempt.deliveredAtMs,
      attempt,
      name: callback.name,
    }),
  ),
]

export interface Lane {
  /** Per cent of the message's whole time. */
  readonly left: number
  readonly width: number
}

/** Where an attempt lies in the time from acceptance to the end (or now). */
export function laneOf(story: StoryJson, attempt: AttemptJson, nowMs: number): Lane | undefined {
  const { deliveredAtMs, endedAtMs = nowMs } = attempt
  const wholeMs = (story.outcome?.finishedAtMs ?? nowMs) - story.acceptedAtMs
  if (deliveredAtMs === undefined || wholeMs <= 0) return undefined
  const part = (ms: number): number => Math.min(100, Math.max(0, (ms / wholeMs) * 100))
  const left = part(deliveredAtMs - story.acceptedAtMs)
  return { left, width: Math.min(100 - left, part(endedAtMs - deliveredAtMs)) }
}
