/*
 * Sums over queues: of a virtual host, or of all that somebody sees.
 */

import { countsOf, messageStats, totalOf } from './message-stats.ts'
import type { QueueCounts } from './queue-objects.ts'

export interface QueueTotals {
  readonly queueTotals: ReturnType<typeof queueTotals>
  readonly messageStats: ReturnType<typeof messageStats>
  readonly consumers: number
  readonly delayed: number
  readonly dead: number
  readonly paused: number
}

/** Of the queues with these names of the engine. */
export function totalsOf(engineNames: readonly string[], counts: QueueCounts): QueueTotals {
  const figures = engineNames.flatMap((name) => counts.figures.get(name) ?? [])
  const sum = (of: (one: (typeof figures)[number]) => number): number =>
    figures.reduce((total, one) => total + of(one), 0)
  const rate = (counter: string) => ({ rate: sum((one) => counts.rate(one.name, counter).rate) })
  return {
    queueTotals: queueTotals((counter) => sum((one) => countsOf(one)[counter] ?? 0), rate),
    messageStats: messageStats(totalOf(figures), rate),
    consumers: sum((one) => one.consumers),
    delayed: sum((one) => one.delayed),
    dead: sum((one) => one.dead),
    paused: figures.filter(({ paused }) => paused).length,
  }
}

const queueTotals = (
  count: (counter: string) => number,
  rate: (counter: string) => { readonly rate: number },
) => ({
  messages: count('messages'),
  messages_details: rate('messages'),
  messages_ready: count('ready'),
  messages_ready_details: rate('ready'),
  messages_unacknowledged: count('unsettled'),
  messages_unacknowledged_details: rate('unsettled'),
})
