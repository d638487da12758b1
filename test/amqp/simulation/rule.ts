import type { Bounds, Finding } from '../../simulation/rule.ts'
import type { Cases } from './cases.ts'
import type { HistoryEvent } from './history.ts'

export type { Bounds }

export interface BrokerFinding extends Omit<Finding, 'events'> {
  readonly events: readonly HistoryEvent[]
}

/** One invariant, as AMQP clients see it: its number, its words, and the function that judges it. */
export interface BrokerRule {
  readonly number: number
  readonly title: string
  judge(cases: Cases, bounds: Bounds): Iterable<BrokerFinding>
}

export const finding = (
  id: string,
  text: string,
  ...events: readonly (HistoryEvent | undefined)[]
): BrokerFinding => ({ id, text, events: events.filter((event) => event !== undefined) })
