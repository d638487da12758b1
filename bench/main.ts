/*
 * npm run bench: Homing beside the queues people use today, on this machine, in one run.
 *
 * What is measured, how the peers are treated and how to read it: docs/benchmarks.md.
 * A full run writes bench/results/latest.json, docs/bench.svg and the numbers in the page. A quick or partial one writes
 * bench/results/partial.json and partial.svg, which are not kept in the repository.
 */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { flowScenarios } from './amqp/scenario/flows.ts'
import { amqpConnections } from './amqp/scenario/many-connections.ts'
import { amqpRpc } from './amqp/scenario/rpc.ts'
import { amqpConfirms } from './amqp/scenario/single-confirms.ts'
import { Bench, profileDirectory } from './bench.ts'
import { build, useSource } from './built.ts'
import { describeMachine, loadNow } from './machine.ts'
import { type BenchOptions, helpText, readOptions } from './options.ts'
import { chart } from './report/chart.ts'
import { hotFunctions } from './report/hot-functions.ts'
import { withResults } from './report/markdown-report.ts'
import type { Results, ScenarioResult } from './report/results.ts'
import { textReport } from './report/text-report.ts'
import { backlogOneMillion, backlogTenMillion } from './scenario/backlog.ts'
import { confirmedSends } from './scenario/confirmed-sends.ts'
import { httpLists, httpSends } from './scenario/http.ts'
import { joined, joinedSingle } from './scenario/joined.ts'
import { openEmpty } from './scenario/open-empty.ts'
import { overRabbitmq, overRabbitmqSingle } from './scenario/over-rabbitmq.ts'
import { roundTrips } from './scenario/round-trips.ts'
import type { Scenario } from './scenario/scenario.ts'
import { sequential } from './scenario/sequential.ts'

const scenarios: readonly Scenario[] = [
  roundTrips,
  sequential,
  confirmedSends,
  joined,
  joinedSingle,
  overRabbitmq,
  overRabbitmqSingle,
  backlogOneMillion,
  backlogTenMillion,
  openEmpty,
  httpSends,
  httpLists,
  ...flowScenarios,
  amqpRpc,
  amqpConfirms,
  amqpConnections,
]

await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<void> {
  const options = optionsOrExit(args)
  const chosen = scenarios.filter((scenario) =>
    options.only === undefined
      ? !(options.quick && scenario.slow)
      : scenario.name.includes(options.only),
  )
  if (chosen.length === 0) {
    const names = scenarios.map((scenario) => scenario.name).join(', ')
    fail(`no scenario is named like '${options.only}'; there are ${names}`)
  }
  if (options.source) useSource()
  else build()
  const bench = new Bench(options, (line) => console.error(line))
  if (options.profile) rmSync(profileDirectory, { recursive: true, force: true })
  const results = await measure(bench, chosen)
  console.log(textReport(results))
  writeResults(
    results,
    chosen.length === scenarios.length && !options.quick && !options.noPeers && !options.source,
  )
  if (options.profile) printProfiles(chosen)
}

function optionsOrExit(args: readonly string[]): BenchOptions {
  try {
    const options = readOptions(args)
    if (options !== undefined) return options
  } catch (error) {
    fail(`${error instanceof Error ? error.message : error}\n\n${helpText}`)
  }
  console.log(helpText)
  process.exit(0)
}

function fail(text: string): never {
  console.error(text)
  process.exit(2)
}

async function measure(bench: Bench, chosen: readonly Scenario[]): Promise<Results> {
  const { quick, rounds, seconds, warmUpSeconds, workDirectory } = bench.options
  const startedAt = new Date().toISOString()
  const results: ScenarioResult[] = []
  for (const scenario of chosen) {
    bench.say(`${scenario.name}: ${scenario.title}`)
    const loadBefore = loadNow()
    const began = performance.now()
    const findings = await scenario.run(bench)
    const tookSeconds = Math.round((performance.now() - began) / 1_000)
    const { name, title } = scenario
    results.push({ name, title, loadBefore, loadAfter: loadNow(), tookSeconds, ...findings })
  }
  return {
    startedAt,
    machine: describeMachine(workDirectory),
    settings: { quick, rounds, seconds, warmUpSeconds },
    scenarios: results,
  }
}

function writeResults(results: Results, complete: boolean): void {
  const directory = resolve(import.meta.dirname, 'results')
  mkdirSync(directory, { recursive: true })
  const json = join(directory, complete ? 'latest.json' : 'partial.json')
  const svg = complete
    ? resolve(import.meta.dirname, '../docs/bench.svg')
    : join(directory, 'partial.svg')
  writeFileSync(json, `${JSON.stringify(results, undefined, 2)}\n`)
  const drawn = results.scenarios.some((scenario) => scenario.systems.length > 0)
  if (drawn) writeFileSync(svg, chart(results))
  const page = resolve(import.meta.dirname, '../docs/benchmarks.md')
  if (complete) writeFileSync(page, withResults(readFileSync(page, 'utf8'), results))
  const written = [json, ...(drawn ? [svg] : []), ...(complete ? [page] : [])]
  console.log(`written: ${written.map((path) => relative(process.cwd(), path)).join(', ')}`)
}

function printProfiles(chosen: readonly Scenario[]): void {
  for (const { name } of chosen) {
    const directory = join(profileDirectory, name)
    if (!existsSync(directory)) continue
    console.log(`\n${name}: profiles in ${directory}, functions by their own time`)
    console.log(hotFunctions(directory).join('\n'))
  }
}
