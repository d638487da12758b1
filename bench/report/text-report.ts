/*
 * The report for people, as lines of text: what each system did, under which promise of durability
 * and which settings, then the targets with met or missed.
 */

import type { SystemFindings, Target } from '../scenario/scenario.ts'
import { figureText, numberText } from './number-text.ts'
import type { Results, ScenarioResult } from './results.ts'

export function textReport(results: Results): string {
  const { machine, settings } = results
  return [
    `Measured ${results.startedAt} on ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, ` +
      `${machine.fileSystem}, Linux ${machine.kernel}, Node ${machine.node}, commit ${machine.commit}`,
    `${settings.rounds} rounds of ${settings.seconds} s (after ${settings.warmUpSeconds} s of warm-up), systems in turns; medians of the rounds`,
    ...(settings.quick ? ['QUICK RUN: for a look, not for numbers to quote'] : []),
    ...results.scenarios.flatMap(scenarioLines),
    ...targetLines(results.scenarios.flatMap((scenario) => scenario.targets)),
    '',
  ].join('\n')
}

function scenarioLines(scenario: ScenarioResult): string[] {
  return [
    '',
    `${scenario.name}: ${scenario.title}`,
    `load average ${scenario.loadBefore} before, ${scenario.loadAfter} after`,
    ...table(scenario),
    ...scenario.figures.map(
      (figure) => `  ${figure.label.padEnd(30)} ${figureText(figure.value, figure.unit)}`,
    ),
    ...scenario.notes.map((note) => `  note: ${note}`),
  ]
}

function table(scenario: ScenarioResult): string[] {
  if (scenario.systems.length === 0) return []
  const servers = scenario.systems.some((system) => system.server !== undefined)
  const head = ['system', 'median', 'p50', 'p99', 'client memory']
  const rows = scenario.systems.map((system) => [
    system.name,
    `${numberText(system.medianPerSecond)}/s`,
    `${numberText(system.medianP50Ms)} ms`,
    `${numberText(system.medianP99Ms)} ms`,
    `${numberText(system.peakBytes / 1_000_000)} MB`,
    ...(servers ? useCells(system) : []),
  ])
  return [
    ...columns([[...head, ...(servers ? useHead : [])], ...rows]),
    ...scenario.systems.map((one) => `  ${one.name}: ${one.durability}; ${one.settings}`),
  ]
}

/** Of one unit of work: a message, a request. */
export const useHead = ['CPU each', 'client CPU each', 'broker memory']

export const useCells = ({ server, clientCpuUsPerTrip }: SystemFindings): string[] => [
  server === undefined ? none : `${numberText(server.cpuUsPerTrip)} µs`,
  `${numberText(clientCpuUsPerTrip ?? Number.NaN)} µs`,
  server === undefined ? none : `${numberText(server.residentBytes / 1_000_000)} MB`,
]

/** In a system that has no broker. */
const none = '–'

/** Each column as wide as its widest cell; the first to the left, numbers to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    `  ${row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('   ')}`.trimEnd(),
  )
}

function targetLines(targets: readonly Target[]): string[] {
  if (targets.length === 0) return []
  return ['', 'Targets', ...targets.map((one) => `  ${targetText(one)}`)]
}

export function targetText(one: Target): string {
  const spread =
    one.min === undefined || one.max === undefined
      ? ''
      : ` (rounds ${numberText(one.min)} to ${numberText(one.max)})`
  const bound = `${one.atLeast ? 'at least' : 'at most'} ${one.bound.toLocaleString('en')} ${one.unit}`
  return `${one.met ? 'met   ' : 'MISSED'}  ${one.label}: ${figureText(one.value, one.unit)}${spread}, target ${bound}`
}
