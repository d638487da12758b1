/*
 * The pages that are tables of the code: docs/errors.md, docs/limits.md, docs/metrics.md, docs/configuration.md, and the table by engine in
 * docs/guarantees.md, as text.
 *
 * `npm run docs` writes them; a test holds them equal to the code they describe.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'
import { type ErrorCodeRow, errorCodes } from '../src/errors.ts'
import { limits } from '../src/limits.ts'
import { builtinCodes } from '../src/message/outcome.ts'
import { type MetricRow, metrics, secondsBuckets } from '../src/server/metric-names.ts'
import { configurationPage } from './configuration-page.ts'
import { guaranteesPage } from './guarantee-table.ts'
import { page, type ReferencePage, table } from './page.ts'

export const referencePages = (): readonly ReferencePage[] => [
  { path: 'docs/errors.md', text: errorsPage() },
  { path: 'docs/limits.md', text: limitsPage() },
  { path: 'docs/metrics.md', text: metricsPage() },
  configurationPage(),
  guaranteesPage(),
]

function errorsPage(): string {
  const calls = Object.entries<ErrorCodeRow>(errorCodes).map(([code, row]) => [
    `\`${code}\``,
    row.meaning,
    yesNo(row.retryable),
    String(row.amqp),
    String(row.http),
    row.closes,
  ])
  const outcomes = Object.entries(builtinCodes).map(([code, row]) => [
    `\`${code}\``,
    row.meaning,
    yesNo(row.deadLetter),
    yesNo(row.retryable),
  ])
  return page('Errors', 'src/errors.ts` and `src/message/outcome.ts', [
    'There are two kinds of bad news, and they never mix.',
    '## What became of a message',
    'An outcome is `{ ok: true, value }` or `{ ok: false, error: { code, … } }`. The code is the name of an\n' +
      'error that the contract declares, or one of this closed set. `call()` and `receipt.result()` throw a\n' +
      '`HomingError` of the same code; `receipt.outcome()` returns it.',
    table(['code', 'meaning', 'kept as dead letter', 'sending again can help'], outcomes),
    '## What went wrong with a call',
    'Every error Homing throws is a `HomingError` with one of these codes. Its text says what happened, to\n' +
      'which one, the numbers, and what to do. *Retryable* means that the same call, unchanged, can succeed\n' +
      'later. The last three columns are how a broker or server shows the error to its clients.',
    table(['code', 'meaning', 'retryable', 'AMQP', 'HTTP', 'closes'], calls),
  ])
}

function limitsPage(): string {
  const meanings = limitMeanings()
  const rows = Object.entries(limits).map(([name, value]) => [
    `\`${name}\``,
    valueWithUnit(name, value),
    meanings.get(name) ?? '',
  ])
  return page('Limits and defaults', 'src/limits.ts', [
    'Everything that is bounded, and every default, in one table. What exceeds a limit is refused with an\n' +
      'error that names the limit and the size; nothing is cut or dropped in silence.',
    table(['name', 'value', 'what it bounds'], rows),
  ])
}

function metricsPage(): string {
  const rows = (prefix: string) =>
    Object.entries<MetricRow>(metrics)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, { type, help, labels = [], perQueue }]) => [
        `\`${name}\``,
        type,
        labels.map((label) => `\`${label}\``).join(', '),
        help + (perQueue ? ' Also by queue.' : ''),
      ])
  const head = ['name', 'type', 'labels', 'meaning']
  return page('Metrics', 'src/server/metric-names.ts', [
    '`GET /metrics` of the HTTP server answers in the text form of Prometheus, with the numbers of all queues added up.\n' +
      '`GET /metrics/per-object` has those of each queue in place of the sums, under the same names, and `GET /metrics/detailed`\n' +
      'under names with `_detailed_`, which can stand beside the sums; both with the labels `vhost` and `queue`. Totals count\n' +
      'since the server was started. Who may read them is `metrics.access` of the [configuration](configuration.md).',
    `Buckets of histograms end at ${secondsBuckets.join(', ')} s.`,
    '## As RabbitMQ names them',
    'The number means what it means there: dashboards and alerts made for RabbitMQ can be kept.',
    table(head, rows('rabbitmq_')),
    '## What only Homing has',
    table(head, rows('homing_')),
  ])
}

/** The comment above each limit in its source. */
export function limitMeanings(): ReadonlyMap<string, string> {
  const path = join(import.meta.dirname, '../src/limits.ts')
  const text = readFileSync(path, 'utf8')
  const meanings = new Map<string, string>()
  for (const comment of parseSync(path, text).comments) {
    const name = /^\s*(\w+):/.exec(text.slice(comment.end))?.[1]
    if (comment.type !== 'Block' || name === undefined) continue
    meanings.set(
      name,
      comment.value
        .replaceAll(/^\s*\*+ ?/gm, '')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    )
  }
  return meanings
}

const yesNo = (value: boolean): string => (value ? 'yes' : 'no')

const byteUnits = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
  ['bytes', 1],
] as const

const timeUnits = [
  ['days', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

function valueWithUnit(name: string, value: number): string {
  if (/Bytes(?=[A-Z]|$)|^bytes/.test(name)) return inUnits(value, byteUnits)
  if (/Ms(?=[A-Z]|$)/.test(name)) return inUnits(value, timeUnits)
  return value.toLocaleString('en-US')
}

/** In the largest unit that gives a whole number. */
function inUnits(value: number, units: readonly (readonly [string, number])[]): string {
  const [unit, size] = units.find(([, each]) => value % each === 0) ?? ['', 1]
  const count = value / size
  const word = count === 1 && unit.endsWith('s') && unit.length > 2 ? unit.slice(0, -1) : unit
  return `${count.toLocaleString('en-US')} ${word}`
}
