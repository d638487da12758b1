/*
 * A deep backlog: memory, sending into it, and starting with it.
 *
 *   fill ── memory ── kill -9 ── open (counts: nothing confirmed may be missing) ── close ── open ── close
 *        ── open ── send (in turns with a process that has no backlog) ── kill -9
 *
 * Files are in the page cache when the directory is opened again, as after a crash or an upgrade of
 * the process; after a boot of the machine the disk's reading comes on top.
 */

import type { Bench } from '../bench.ts'
import type { LoadResult } from '../client/closed-loop.ts'
import type { BacklogCommand, Opened, SettledMemory } from '../client/homing-backlog.ts'
import { type Program, startProgram } from '../load-program.ts'
import { median, pairedRatio } from '../statistics.ts'
import { loadOf } from './alternate.ts'
import { type Figure, type Findings, type Scenario, type Target, target } from './scenario.ts'

const bodyBytes = 100
const inFlight = 1_000
const mb = 1_000_000

interface Bounds {
  readonly messages: number
  readonly residentMbMax: number
  readonly openMsMax: number
  /** Sending into the backlog, as a share of sending without one. */
  readonly sendShareMin?: number
}

export const backlogOneMillion = backlog('backlog-1m', '1 million', {
  messages: 1_000_000,
  residentMbMax: 150,
  openMsMax: 1_000,
})

export const backlogTenMillion = backlog('backlog-10m', '10 million', {
  messages: 10_000_000,
  residentMbMax: 500,
  openMsMax: 5_000,
  sendShareMin: 0.8,
})

function backlog(name: string, depth: string, bounds: Bounds): Scenario {
  return {
    name,
    title: `${depth} waiting messages of 100 bytes: memory, sending, starting`,
    slow: bounds.messages > 1_000_000,
    run: (bench) =>
      bench.inFreshDirectory(name, (directory) => measure({ bench, name, bounds, directory })),
  }
}

interface Run {
  readonly bench: Bench
  readonly name: string
  readonly bounds: Bounds
  readonly directory: string
}

async function measure(run: Run): Promise<Findings> {
  const { bench, bounds } = run
  const deep = start(run)
  try {
    await tell<Opened>(deep, { do: 'open', directory: run.directory })
    const began = performance.now()
    await tell(deep, { do: 'fill', messages: bounds.messages, bodyBytes })
    const fillSeconds = (performance.now() - began) / 1_000
    const memory = await tell<SettledMemory>(deep, { do: 'memory' })
    bench.say(`  filled in ${fillSeconds.toFixed(1)} s, ${megabytes(memory.residentBytes)} MB`)
    await deep.kill('SIGKILL')
    const opened = await reopen(run)
    const rates = bounds.sendShareMin === undefined ? undefined : await compareRates(run)
    return {
      systems: [],
      figures: figuresOf(run, fillSeconds, memory, rates, opened),
      targets: targetsOf(bounds, memory, rates, opened),
      notes: [],
    }
  } finally {
    if (deep.child.exitCode === null && deep.child.signalCode === null) await deep.kill('SIGKILL')
  }
}

const start = (run: Run): Program =>
  startProgram('homing-backlog', {
    execArgv: ['--expose-gc', ...run.bench.homingExecArgv(run.name)],
  })

const tell = <Result>(program: Program, command: BacklogCommand): Promise<Result> =>
  program.ask<Result>(command)

interface Rates {
  readonly atZero: readonly number[]
  readonly atDepth: readonly number[]
}

/** In turns: the backlog, opened once more, and a process that began with none. */
async function compareRates(run: Run): Promise<Rates> {
  const { bench } = run
  const deep = start(run)
  await tell<Opened>(deep, { do: 'open', directory: run.directory })
  const load = loadOf(bench, inFlight)
  const atZero: number[] = []
  const atDepth: number[] = []
  const measureDeep = async (): Promise<void> => {
    const result = await tell<LoadResult>(deep, { do: 'rate', load, bodyBytes })
    atDepth.push(result.perSecond)
  }
  const measureZero = (): Promise<void> =>
    bench.inFreshDirectory('zero', async (directory) => {
      const zero = start(run)
      await tell(zero, { do: 'open', directory })
      const result = await tell<LoadResult>(zero, { do: 'rate', load, bodyBytes })
      atZero.push(result.perSecond)
      await zero.kill('SIGKILL')
    })
  for (let round = 0; round < bench.options.rounds; round++) {
    for (const turn of round % 2 === 0 ? [measureZero, measureDeep] : [measureDeep, measureZero])
      await turn()
    bench.say(
      `  round ${round + 1}: ${Math.round(atZero.at(-1) ?? 0)}/s at zero, ` +
        `${Math.round(atDepth.at(-1) ?? 0)}/s at depth`,
    )
  }
  await deep.kill('SIGKILL')
  return { atZero, atDepth }
}

interface Reopened {
  readonly afterKillMs: number
  readonly afterCloseMs: number
  readonly residentBytes: number
}

async function reopen(run: Run): Promise<Reopened> {
  const openOnce = async (): Promise<Opened & SettledMemory> => {
    const program = start(run)
    const opened = await tell<Opened>(program, { do: 'open', directory: run.directory })
    if (opened.ready < run.bounds.messages)
      throw new Error(
        `${run.bounds.messages} messages were confirmed and ${opened.ready} wait after a restart`,
      )
    const memory = await tell<SettledMemory>(program, { do: 'memory' })
    await tell(program, { do: 'close' })
    await program.ended()
    return { ...opened, ...memory }
  }
  const afterKill = await openOnce()
  run.bench.say(`  opened after kill -9 in ${Math.round(afterKill.openMs)} ms`)
  const afterClose = await openOnce()
  run.bench.say(`  opened after a clean close in ${Math.round(afterClose.openMs)} ms`)
  return {
    afterKillMs: afterKill.openMs,
    afterCloseMs: afterClose.openMs,
    residentBytes: Math.max(afterKill.residentBytes, afterClose.residentBytes),
  }
}

function figuresOf(
  run: Run,
  fillSeconds: number,
  memory: SettledMemory,
  rates: Rates | undefined,
  opened: Reopened,
): Figure[] {
  return [
    { label: 'filled with confirmed sends', value: run.bounds.messages / fillSeconds, unit: '/s' },
    { label: 'resident when filled', value: megabytes(memory.busyBytes), unit: 'MB' },
    { label: 'resident after collecting', value: megabytes(memory.residentBytes), unit: 'MB' },
    { label: 'most ever resident', value: megabytes(memory.peakBytes), unit: 'MB' },
    { label: 'resident after a restart', value: megabytes(opened.residentBytes), unit: 'MB' },
    ...(rates === undefined
      ? []
      : [
          { label: 'sending with no backlog', value: median(rates.atZero), unit: '/s' as const },
          { label: 'sending with it', value: median(rates.atDepth), unit: '/s' as const },
        ]),
    { label: 'start after kill -9', value: opened.afterKillMs, unit: 'ms' },
    { label: 'start after a clean close', value: opened.afterCloseMs, unit: 'ms' },
  ]
}

function targetsOf(
  bounds: Bounds,
  memory: SettledMemory,
  rates: Rates | undefined,
  opened: Reopened,
): Target[] {
  const depth = `${bounds.messages / 1_000_000} million waiting`
  const resident = { median: megabytes(memory.residentBytes) }
  const slowest = { median: Math.max(opened.afterKillMs, opened.afterCloseMs) }
  return [
    target(`${depth}: resident memory`, { atMost: bounds.residentMbMax }, 'MB', resident),
    ...(rates === undefined || bounds.sendShareMin === undefined
      ? []
      : [
          target(
            `${depth}: sending, to sending at zero`,
            { atLeast: bounds.sendShareMin },
            '×',
            pairedRatio(rates.atDepth, rates.atZero),
          ),
        ]),
    target(`${depth}: start, the slower of two`, { atMost: bounds.openMsMax }, 'ms', slowest),
  ]
}

const megabytes = (bytes: number): number => Math.round((bytes / mb) * 10) / 10
