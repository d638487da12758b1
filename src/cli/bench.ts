/*
 * `homing bench`: how quick this machine and its disk are with Homing, in some seconds.
 *
 * It works in a new directory beside the data directory, so on the same disk, and removes it. What it
 * prints says how durable each number was; a comparison with other systems is `npm run bench`.
 */

import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Option } from 'commander'
import { BenchLoad, bodyBytes, type Sync } from './bench-load.ts'
import {
  type CommonOptions,
  commonOptions,
  type Define,
  examples,
  type Invocation,
  wholeNumberFrom,
} from './command.ts'
import type { ExitName } from './exit-codes.ts'
import type { Latencies } from './latencies.ts'
import { countText, durationText, facts } from './outcome-text.ts'
import { tableLines } from './table.ts'

interface BenchOptions extends CommonOptions {
  readonly seconds: number
  readonly sync: Sync
}

const help = examples([
  ['homing bench', 'the disk that ./data is on'],
  ['homing bench --data /mnt/fast/data --seconds 10 --json', 'another disk, longer, for a program'],
])

export const defineBench: Define = (command, invocation) => {
  commonOptions(command)
    .option('--seconds <count>', 'of each measurement', wholeNumberFrom(1, 600), 2)
    .addOption(
      new Option('--sync <mode>', 'when a confirm is given')
        .choices(['always', 'never'])
        .default('always'),
    )
    .addHelpText('after', help)
    .action(async (options: BenchOptions) => {
      invocation.exit = await bench(invocation, options)
    })
}

async function bench(invocation: Invocation, options: BenchOptions): Promise<ExitName> {
  const beside = dirname(resolve(options.data))
  mkdirSync(beside, { recursive: true })
  const directory = mkdtempSync(join(beside, '.homing-bench-'))
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  const { stopping, terminal } = invocation
  stopping.atOnce(remove)
  try {
    const load = new BenchLoad(directory, options, terminal, stopping.signal)
    const results = await load.run()
    if (stopping.signal.aborted) return 'interrupted'
    await print(invocation, options, directory, results)
    return 'ok'
  } finally {
    remove()
  }
}

const durability: Readonly<Record<Sync, string>> = {
  always: 'every confirm and every outcome waited for fdatasync',
  never: 'nothing waited for the disk: a power cut can take what was confirmed',
}

async function print(
  { terminal }: Invocation,
  { sync }: BenchOptions,
  directory: string,
  results: ReadonlyMap<string, Latencies>,
): Promise<void> {
  const machine = {
    node: process.versions.node,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    fileSystem: fileSystemOf(directory),
    sync,
    durability: durability[sync],
  }
  if (terminal.json) {
    const measured = [...results].map(([name, taken]) => ({ name, ...figures(taken) }))
    return terminal.line(JSON.stringify({ ...machine, results: measured }))
  }
  await facts(terminal, [
    ['machine', `${machine.cores} × ${machine.cpu}, Node ${machine.node}`],
    ['disk', `${machine.fileSystem} at ${dirname(directory)}`],
    ['durability', machine.durability],
    ['bodies', `${bodyBytes} bytes and less`],
  ])
  await terminal.line()
  const rows = [...results].map(([name, taken]) => [
    name,
    countText(Math.round(taken.perSecond)),
    durationText(taken.quantile(0.5)),
    durationText(taken.quantile(0.99)),
  ])
  const bold = (text: string): string => terminal.style('bold', text)
  for (const line of tableLines(columns, rows, terminal.width, bold)) await terminal.line(line)
}

const columns = [
  { title: 'WHAT', widthMin: 20, whole: true },
  { title: 'PER SECOND', align: 'right' },
  { title: 'P50', align: 'right' },
  { title: 'P99', align: 'right', missable: 1 },
] as const

const figures = (taken: Latencies) => ({
  count: taken.count,
  perSecond: Math.round(taken.perSecond),
  p50Ms: Number(taken.quantile(0.5).toFixed(3)),
  p99Ms: Number(taken.quantile(0.99).toFixed(3)),
})

const fileSystems: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0xf2f52010, 'f2fs'],
  [0x794c7630, 'overlayfs'],
  [0x6969, 'nfs'],
  [0x01021994, 'tmpfs, which is memory: fdatasync costs nothing here'],
])

function fileSystemOf(directory: string): string {
  const { type } = statfsSync(directory)
  return fileSystems.get(type) ?? `file system 0x${type.toString(16)}`
}
