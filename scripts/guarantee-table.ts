/*
 * The table of guarantees in docs/guarantees.md, from what the runs of the conformance suite have shown
 * (docs/guarantees/*.json, see test/conformance/recorded.ts).
 *
 *   suite run ──▶ docs/guarantees/ENGINE.json ──▶ the table
 *        └── fails when the file says something else          └── a test holds it equal to the files
 *
 * Rule: `native` and `emulated` stand only where tests of that feature passed, `refused` only with the
 * error that came.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Feature } from '../src/engine.ts'
import type { ConformanceReport, FeatureReport, LeftOut } from '../src/testing/index.ts'

const root = join(import.meta.dirname, '..')
const page = 'docs/guarantees.md'
const beginning =
  '<!-- The table by engine is written by `npm run docs` from what the conformance suite has shown. -->'
const end = '<!-- End of the table by engine. -->'

/** What each feature means to a user: the rows, in their order. */
const rows: Readonly<Record<Feature, string>> = {
  durability: 'What is confirmed outlives a restart',
  order: 'First in, first out; what comes back stands at its old place',
  batches: 'Many with one confirm: all, or an error and none',
  deduplication: 'The same id is the same message, in every state',
  priority: 'Higher priorities first',
  delay: 'Not delivered before its time',
  expiry: 'Deadlines and times to live',
  reinsertion: 'Retries; no answer in time, and it goes back',
  fencing: 'An attempt that was taken away settles nothing',
  ledger: 'Outcomes by id, and as a list',
  callbacks: 'Durable callbacks, told until they return',
  gather: 'One callback for many messages',
  cancel: 'Cancel, also of what is being worked on; purge',
  progress: 'Progress of what is being worked on',
  elsewhere: 'Other processes work, ask, wait and cancel, too',
  deadLetters: 'Dead letters: kept, replayed, dropped',
  depth: 'A full queue refuses',
  overflow: 'A full queue pushes out its oldest, as `rejected`',
  limits: 'Rates and concurrency over all consumers, and by key',
  counts: 'Queues are counted exactly',
}

/** Columns in this order; others follow. */
const order = [
  'embedded',
  'memory',
  'joined',
  'homing-broker',
  'rabbitmq-quorum',
  'rabbitmq-classic',
]

export function guaranteesPage(): { readonly path: string; readonly text: string } {
  const text = readFileSync(join(root, page), 'utf8')
  const from = text.indexOf(beginning)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`${page} has no place for the table by engine`)
  const table = guaranteeTable(recordedReports())
  return { path: page, text: `${text.slice(0, from)}${beginning}\n\n${table}\n\n${text.slice(to)}` }
}

function recordedReports(): readonly ConformanceReport[] {
  const directory = join(root, 'docs/guarantees')
  const place = (file: string): number => {
    const at = order.indexOf(file.replace('.json', ''))
    return at < 0 ? order.length : at
  }
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .toSorted((a, b) => place(a) - place(b) || a.localeCompare(b))
    .map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as ConformanceReport)
}

export function guaranteeTable(reports: readonly ConformanceReport[]): string {
  const head = ['', ...reports.map(({ name }) => name)]
  const lines = Object.entries(rows).map(([feature, meaning]) => [
    meaning,
    ...reports.map(({ features }) => word(features[feature as Feature])),
  ])
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`)
  return [table.join('\n'), ...reports.map(notes)].join('\n\n')
}

function word(report: FeatureReport | undefined): string {
  if (report === undefined) return '?'
  const { guarantee, shownBy, refusedWith } = report
  if (typeof guarantee === 'object' && 'refused' in guarantee) {
    return refusedWith === undefined ? '?' : 'refused'
  }
  if (shownBy.length === 0) return '—'
  return guarantee === 'native' ? 'native' : 'emulated'
}

/** What stands behind the words of one column. */
function notes({ name, features, besides, leftOut }: ConformanceReport): string {
  const shown = Object.values(features).flatMap(({ shownBy }) => shownBy)
  const lines = Object.entries(features).flatMap(([feature, report]) =>
    note(feature as Feature, report, leftOut),
  )
  const reasons = Map.groupBy(leftOut, ({ why }) => why)
  const left = [...reasons].map(([why, all]) => `${all.length} because ${why}`)
  return [
    `**${capital(name)}**: ${shown.length + besides.length} tests passed${left.length === 0 ? '' : `; left out were ${left.join(', ')}`}.`,
    ...lines,
  ].join('\n')
}

function note(feature: Feature, report: FeatureReport, leftOut: readonly LeftOut[]): string[] {
  const { guarantee, refusedWith } = report
  const about = `- *${rows[feature]}*`
  switch (word(report)) {
    case 'native':
      return []
    case 'emulated':
      return [`${about} is emulated: ${Reflect.get(Object(guarantee), 'emulated')}.`]
    case 'refused':
      return [`${about} is refused: \`${refusedWith}\`.`]
    default: {
      const why = new Set(leftOut.filter(({ shows }) => shows === feature).map((one) => one.why))
      const said = typeof guarantee === 'object' ? ` (${Object.values(guarantee)})` : ''
      return [`${about} was not asked: ${[...why].join('; ')}${said}.`]
    }
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
