/*
 * The independent checker for what AMQP clients are promised: history in, broken invariants out.
 *
 *   history ──▶ cases ──▶ each rule ──▶ violations: number, message, the events that show it
 *
 * It imports nothing of the broker. What becomes of requests, as the engine tells it, is judged by the
 * rules of the engine's own checker. That both can fail is shown by broker-mutations.test.ts.
 */

import { casesOf } from './cases.ts'
import type { HistoryEvent } from './history.ts'
import type { Bounds, BrokerFinding, BrokerRule } from './rule.ts'
import { acceptRules } from './rules/accept.ts'
import { deliveryRules } from './rules/delivery.ts'
import { limitRules } from './rules/limits.ts'
import { orderRules } from './rules/order.ts'
import { requestRules } from './rules/requests.ts'
import type { QueuePlan } from './topology.ts'

const shownMax = 3

export interface BrokerViolation extends BrokerFinding {
  readonly number: number
  readonly title: string
}

export const brokerRules: readonly BrokerRule[] = [
  ...acceptRules,
  ...deliveryRules,
  ...orderRules,
  ...limitRules,
  ...requestRules,
]

export function checkBroker(
  events: readonly HistoryEvent[],
  queues: readonly QueuePlan[],
  bounds: Bounds,
): BrokerViolation[] {
  const cases = casesOf(events, queues)
  return brokerRules.flatMap((rule) =>
    [...rule.judge(cases, bounds)].map((found) => ({
      number: rule.number,
      title: rule.title,
      ...found,
    })),
  )
}

/** The first violations as text, with the events that show them and all that happened to the message. */
export function reportBroker(
  violations: readonly BrokerViolation[],
  events: readonly HistoryEvent[],
): string {
  const lines: string[] = []
  for (const { number, title, id, text, events: shown } of violations.slice(0, shownMax)) {
    lines.push(`invariant ${number} (${title})`, `  ${id} ${text}`)
    for (const event of shown) lines.push(`  * ${brokerLine(event)}`)
    for (const event of events.filter((one) => mentions(one, id)).slice(-40))
      lines.push(`    ${brokerLine(event)}`)
  }
  if (violations.length > shownMax) lines.push(`and ${violations.length - shownMax} more`)
  return lines.join('\n')
}

function mentions(event: HistoryEvent, id: string): boolean {
  if (['opened', 'cut', 'closed', 'disk-full', 'disk-room', 'disk-failed'].includes(event.kind))
    return true
  if ('message' in event) return event.message.token === id
  if (event.kind === 'drained')
    return [...event.queues.values()].some((all) => all.some(({ token }) => token === id))
  return 'queue' in event && event.queue === id
}

export function brokerLine(event: HistoryEvent): string {
  const { n, life, atMs, kind, ...rest } = event
  const text = JSON.stringify(rest, (_key, value: unknown) =>
    value instanceof Map ? Object.fromEntries(shortened(value)) : value,
  )
  return `#${n} life ${life} ${atMs.toFixed(1)} ms ${kind} ${text.slice(0, 600)}`
}

/** Of what stood in queues, tokens are enough. */
function* shortened(map: ReadonlyMap<unknown, unknown>): Generator<[string, unknown]> {
  for (const [key, value] of map) {
    const all = Array.isArray(value)
      ? value.map((one) =>
          typeof one === 'object' ? `${one.token}${one.redelivered ? 'R' : ''}` : one,
        )
      : value
    yield [String(key), Array.isArray(all) ? all.join(' ') : all]
  }
}
