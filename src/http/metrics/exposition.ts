/*
 * The text form of Prometheus, version 0.0.4.
 *
 *   # HELP homing_journal_bytes Bytes of the journal on disk.
 *   # TYPE homing_journal_bytes gauge
 *   homing_journal_bytes 134217728
 *
 * Written from samples, not by a library of meters: what is told was counted by the engine, and such
 * libraries want to count themselves.
 */

import {
  detailedName,
  type MetricName,
  type MetricRow,
  metrics,
} from '../../server/metric-names.ts'

export interface Sample {
  readonly name: MetricName
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
  /** Of a histogram: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string
}

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

/** Samples of one name must stand together. `detailed`: under the names of `/metrics/detailed`. */
export function exposition(samples: Iterable<Sample>, detailed = false): string {
  const lines: string[] = []
  let last: MetricName | undefined
  for (const { name, labels, value, suffix = '' } of samples) {
    const shown = detailed ? detailedName(name) : name
    if (name !== last) {
      const { help, type }: MetricRow = metrics[name]
      lines.push(`# HELP ${shown} ${escaped(help)}`, `# TYPE ${shown} ${type}`)
      last = name
    }
    lines.push(
      `${shown}${suffix}${labels === undefined ? '' : labelled(labels)} ${numberText(value)}`,
    )
  }
  return `${lines.join('\n')}\n`
}

function labelled(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`,
  )
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
