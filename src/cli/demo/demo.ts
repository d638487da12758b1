/*
 * `homing demo`: the whole of Homing before one's eyes, on real files, in some seconds.
 *
 * Killed in the middle and run again, it first finishes what was confirmed.
 */

import { dirname, join } from 'node:path'
import type { Home } from '../../index.ts'
import {
  type CommonOptions,
  commonOptions,
  type Define,
  examples,
  type Invocation,
  wholeNumberFrom,
} from '../command.ts'
import type { ExitName } from '../exit-codes.ts'
import { withHome } from '../open-home.ts'
import { countText } from '../outcome-text.ts'
import { ProgressBar } from '../progress-bar.ts'
import { type DemoFiles, demoFiles, type Piece } from './demo-files.ts'
import { type Finished, finishEarlier, leftBehind } from './demo-finish.ts'
import { runDemo, runId } from './demo-run.ts'
import { printFinished, printSummary } from './demo-summary.ts'
import { DemoTally } from './demo-tally.ts'
import { demoQueues, startWork } from './demo-work.ts'

interface DemoOptions extends CommonOptions {
  readonly files: string
  readonly messages: number
}

const messagesDefault = 3_600
const goneFile = 'a-file-that-is-gone.txt'

const help = examples([
  ['homing demo', 'the files of this folder, outcomes in ./data'],
  ['homing demo --messages 50000', 'longer: try kill -9 in the middle, then run it again'],
])

const notes = `
Three consumers work on pieces of the files of this folder: they count words, hash and compress. Some
messages fail and are tried again, some fail for good, and every one of them comes home.
`

export const defineDemo: Define = (command, invocation) => {
  commonOptions(command)
    .option('--files <folder>', 'whose files the messages are about', '.')
    .option('--messages <count>', 'about so many', wholeNumberFrom(3, 10_000_000), messagesDefault)
    .addHelpText('after', help + notes)
    .action(async (options: DemoOptions) => {
      const wanted = Math.ceil(options.messages / demoQueues.length)
      const files = demoFiles(options.files, options.data, wanted)
      invocation.exit = await withHome(invocation, { ...options, make: true }, (home) =>
        demo(invocation, home, options, files),
      )
    })
}

async function demo(
  invocation: Invocation,
  home: Home,
  options: DemoOptions,
  files: DemoFiles,
): Promise<ExitName> {
  const { terminal, stopping } = invocation
  const { signal } = stopping
  stopping.onFirst = () => terminal.note('sending no more, bringing home what is out')
  const handled = new Set<string>()
  const left = await leftBehind(home)
  const consumers = startWork(home, (id) => handled.add(id))
  await Promise.all(consumers.map(({ ready }) => ready))
  const finished = left > 0 ? await finishEarlier({ home, terminal, signal, handled }, left) : []
  if (!terminal.json) for (const one of finished) await printFinished(terminal, one)
  const run = runId()
  const tally = new DemoTally()
  const pieces = withGone(files.pieces)
  if (!terminal.json) await terminal.line(introduction(run, options.data, files))
  await sendAll({ invocation, home, run, pieces, tally })
  tally.roundTrips.end()
  if (terminal.json) await terminal.line(json(run, tally, finished))
  else await printSummary(terminal, { run, data: options.data, tally, stopped: signal.aborted })
  return stopping.reason === 'signal' ? 'interrupted' : 'ok'
}

interface Sent {
  readonly invocation: Invocation
  readonly home: Home
  readonly run: string
  readonly pieces: readonly Piece[]
  readonly tally: DemoTally
}

async function sendAll({ invocation, home, run, pieces, tally }: Sent): Promise<void> {
  const { terminal, stopping } = invocation
  const total = pieces.length * demoQueues.length
  using bar = new ProgressBar(terminal, 'coming home')
  const onHome = (): void =>
    bar.show(tally.home, total, () => {
      const { home: come, retried, failures } = tally
      return `${countText(come)} home, ${countText(retried)} after retries, ${countText(failures)} failed`
    })
  await runDemo({ home, run, pieces, tally, signal: stopping.signal, onHome })
}

/** Somebody deletes a file between the listing and the work: it happens, and here it always does. */
function withGone(pieces: readonly Piece[]): readonly Piece[] {
  const middle = Math.floor(pieces.length / 2)
  const gone = { path: join(dirname(pieces[middle]?.path ?? '.'), goneFile), from: 0, bytes: 1 }
  return pieces.toSpliced(middle, 0, gone)
}

function introduction(run: string, data: string, { pieces, files, folder }: DemoFiles): string {
  const what = `${countText(pieces.length)} pieces of ${countText(files)} files of ${folder}`
  return `Run ${run} in ${data}: ${what} go to three consumers.\n`
}

function json(run: string, tally: DemoTally, finished: readonly Finished[]): string {
  const { sent, confirmed, succeeded, retried, failed, roundTrips } = tally
  return JSON.stringify({
    run,
    sent,
    confirmed,
    home: tally.home,
    succeeded,
    retried,
    failed: Object.fromEntries(failed),
    perSecond: Math.round(roundTrips.perSecond),
    p50Ms: roundTrips.quantile(0.5),
    p99Ms: roundTrips.quantile(0.99),
    finished,
  })
}
