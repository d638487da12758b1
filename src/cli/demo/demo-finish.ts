/*
 * Finishing what a killed run of the demo left behind: its messages were confirmed, so they are still
 * in the queues, and are worked on before anything new is sent.
 */

import type { Home } from '../../index.ts'
import { countText } from '../outcome-text.ts'
import { ProgressBar } from '../progress-bar.ts'
import type { Terminal } from '../terminal.ts'
import { runOf } from './demo-run.ts'
import { demoQueues } from './demo-work.ts'

const pollMs = 50
const pageRows = 1_000

export interface Finished {
  readonly run: string
  /** Messages of the run that were confirmed; all of them have their outcomes now. */
  readonly confirmed: number
  /** Those that came home just now. */
  readonly now: number
}

export interface FinishParts {
  readonly home: Home
  readonly terminal: Terminal
  readonly signal: AbortSignal
  /** Ids that the consumers have taken up since the directory was opened. */
  readonly handled: ReadonlySet<string>
}

/** Messages of the demo that have no outcome yet. */
export async function leftBehind(home: Home): Promise<number> {
  const names: ReadonlySet<string> = new Set(demoQueues.map(({ name }) => name))
  const queues = (await home.queues()).filter(({ name }) => names.has(name))
  return queues.reduce((sum, { ready, unsettled, delayed }) => sum + ready + unsettled + delayed, 0)
}

/** Waits until nothing of earlier runs is left; the consumers are at work already. */
export async function finishEarlier(
  parts: FinishParts,
  left: number,
): Promise<readonly Finished[]> {
  const { home, terminal, signal, handled } = parts
  using bar = new ProgressBar(terminal, 'finishing')
  for (let still = left; still > 0 && !signal.aborted; still = await leftBehind(home)) {
    bar.show(left - still, left, () => `${countText(still)} to go`)
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  const runs = Map.groupBy(handled, runOf)
  const finished: Finished[] = []
  for (const [run, ids] of runs) {
    if (run === undefined) continue
    finished.push({ run, now: ids.length, confirmed: await outcomesOf(home, run) })
  }
  return finished
}

/** Outcomes of a run, counted in the ledger. */
async function outcomesOf(home: Home, run: string): Promise<number> {
  let count = 0
  for (const queue of demoQueues) count += await outcomesIn(home, queue.name, run)
  return count
}

async function outcomesIn(home: Home, queue: string, run: string): Promise<number> {
  let count = 0
  for (let after: string | undefined; ; ) {
    const page = { queue, limit: pageRows, ...(after !== undefined && { after }) }
    const rows = await home.outcomes(page)
    const found = rows.filter(({ id }) => runOf(id) === run).length
    count += found
    after = rows.at(-1)?.id
    // Newest first, and the run was the last one: behind a page without it there is none of it.
    if (after === undefined || found === 0) return count
  }
}
