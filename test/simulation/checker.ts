/*
 * The independent checker: history in, broken invariants out.
 *
 *   history ──▶ case files ──▶ each rule ──▶ violations: number, id, the events that show it
 *
 * It knows the promises of the design (one rule for each numbered invariant) and what was seen from
 * outside, and imports nothing of the engine. That it can fail is shown by planted-bugs.test.ts.
 */

import { caseFiles } from './case-files.ts'
import type { HistoryEvent } from './history.ts'
import type { Bounds, Rule } from './rule.ts'
import { acceptRules } from './rules/accept.ts'
import { bookRules } from './rules/books.ts'
import { callbackRules } from './rules/callback.ts'
import { deliveryRules } from './rules/delivery.ts'
import { limitRules } from './rules/limits.ts'
import { resultRules } from './rules/result.ts'
import { timeRules } from './rules/time.ts'

const shownMax = 3

export interface Violation {
  readonly number: number
  readonly title: string
  readonly id: string
  readonly text: string
  readonly events: readonly HistoryEvent[]
}

export const rules: readonly Rule[] = [
  ...acceptRules,
  ...deliveryRules,
  ...resultRules,
  ...callbackRules,
  ...timeRules,
  ...limitRules,
  ...bookRules,
]

export function check(events: readonly HistoryEvent[], bounds: Bounds): Violation[] {
  const files = caseFiles(events)
  const violations: Violation[] = []
  for (const rule of rules) {
    for (const finding of rule.judge(files, bounds)) {
      violations.push({ number: rule.number, title: rule.title, ...finding })
    }
  }
  return violations
}

/** The first violations as text, with the events that show them and all that happened to the id. */
export function report(violations: readonly Violation[], events: readonly HistoryEvent[]): string {
  const lines: string[] = []
  for (const violation of violations.slice(0, shownMax)) {
    lines.push(`invariant ${violation.number} (${violation.title})`)
    lines.push(`  ${violation.id} ${violation.text}`)
    for (const event of violation.events) lines.push(`  * ${line(event)}`)
    const about = events.filter((event) => mentions(event, violation.id)).slice(-30)
    for (const event of about) lines.push(`    ${line(event)}`)
  }
  if (violations.length > shownMax) lines.push(`and ${violations.length - shownMax} more`)
  return lines.join('\n')
}

function mentions(event: HistoryEvent, id: string): boolean {
  if (event.kind === 'opened' || event.kind === 'cut' || event.kind === 'closed') return true
  if (event.kind === 'publishing' || event.kind === 'delivered') return event.message.id === id
  return 'id' in event ? event.id === id : 'outcome' in event && event.outcome.id === id
}

export function line(event: HistoryEvent): string {
  const { n, life, atMs, nowMs: _, kind, ...rest } = event
  const shown = event.kind === 'probed' ? { when: event.when } : rest
  const text = JSON.stringify(shown, (_key, value: unknown) =>
    value instanceof Map || value instanceof Set ? `${value.size} entries` : value,
  )
  return `#${n} life ${life} ${atMs.toFixed(1)} ms ${kind} ${text.slice(0, 400)}`
}
