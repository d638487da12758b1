/*
 * The last full run, as the part of docs/benchmarks.md between two comments. Written by the bench
 * and by nobody else, so that the page cannot tell of numbers that were never measured.
 */

import { figureText, numberText } from './number-text.ts'
import type { Results, ScenarioResult } from './results.ts'
import { targetText, useCells, useHead } from './text-report.ts'

const begin = '<!-- results: written by npm run bench -->'
const end = '<!-- end of results -->'

/** The page with its results replaced. Throws when the two comments are not there. */
export function withResults(page: string, results: Results): string {
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from === -1 || to < from) throw new Error(`the page lacks '${begin}' or '${end}'`)
  return page.slice(0, from + begin.length) + section(results) + page.slice(to)
}

function section(results: Results): string {
  const { machine, settings } = results
  return [
    '',
    `Measured ${results.startedAt.slice(0, 10)} on ${machine.cores} cores (${machine.cpu}), ${machine.memoryGib} GiB, ${machine.fileSystem}, Linux ${machine.kernel}, Node ${machine.node.slice(1)}, commit ${machine.commit}; ${settings.rounds} rounds of ${settings.seconds} s, medians.`,
    ...results.scenarios.flatMap(scenarioSection),
    '',
    '### Targets',
    '',
    ...results.scenarios
      .flatMap((scenario) => scenario.targets)
      .map((one) => `- ${targetText(one).replace(/^(\w+) +/, '**$1** ')}`),
    '',
    '',
  ].join('\n')
}

function scenarioSection(scenario: ScenarioResult): string[] {
  return [
    '',
    `### ${scenario.title}`,
    '',
    `Load average ${scenario.loadBefore} before, ${scenario.loadAfter} after.`,
    ...(scenario.systems.length === 0 ? [] : systemTable(scenario)),
    ...(scenario.figures.length === 0 ? [] : figureTable(scenario)),
    ...scenario.notes.flatMap((note) => ['', note]),
  ]
}

function systemTable(scenario: ScenarioResult): string[] {
  const servers = scenario.systems.some((one) => one.server !== undefined)
  const head = ['a second', 'p50', 'p99', ...(servers ? useHead : [])]
  return [
    '',
    row(['system', ...head, 'durability', 'settings']),
    row(['---', ...head.map(() => '--:'), '---', '---']),
    ...scenario.systems.map((one) =>
      row([
        one.name,
        numberText(one.medianPerSecond),
        `${numberText(one.medianP50Ms)} ms`,
        `${numberText(one.medianP99Ms)} ms`,
        ...(servers ? useCells(one) : []),
        one.durability,
        one.settings,
      ]),
    ),
  ]
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const figureTable = (scenario: ScenarioResult): string[] => [
  '',
  '| | |',
  '|---|--:|',
  ...scenario.figures.map((one) => `| ${one.label} | ${figureText(one.value, one.unit)} |`),
]
