/*
 * One run of the demo: every piece goes to all three consumers, every outcome is awaited.
 *
 *   pieces ── sendMany, one confirm a batch ──▶ receipts ── outcome ──▶ tally
 *        └────────── at most so many on their way ──────────┘
 *
 * Ids are demo:RUN:NUMBER, chosen by the sender, so that a run that was killed can be recognised and
 * finished by the next one.
 */

import type { AnyContract, Home, Outcome, Receipt } from '../../index.ts'
import type { Piece } from './demo-files.ts'
import type { DemoTally } from './demo-tally.ts'
import { demoQueues } from './demo-work.ts'

const batchPieces = 40
const onTheirWayMax = 240

export interface RunParts {
  readonly home: Home
  readonly run: string
  readonly pieces: readonly Piece[]
  readonly tally: DemoTally
  readonly signal: AbortSignal
  /** Told after each outcome. */
  readonly onHome: () => void
}

export const runId = (): string => Math.floor(Date.now() / 100).toString(36)

export const messageId = (run: string, number: number): string =>
  `demo:${run}:${String(number).padStart(4, '0')}`

/** The run that a message of the demo belongs to. */
export const runOf = (id: string): string | undefined => /^demo:(\w+):\d+$/.exec(id)?.[1]

/** Sends everything and resolves when every outcome is there; asked to stop, it sends no more. */
export async function runDemo(parts: RunParts): Promise<void> {
  const { pieces, tally, signal } = parts
  const way = new OnTheirWay()
  const home: Promise<void>[] = []
  for (let from = 0; from < pieces.length && !signal.aborted; from += batchPieces) {
    const batch = pieces.slice(from, from + batchPieces)
    await way.room()
    for (const [n, contract] of demoQueues.entries()) {
      const ids = batch.map((_, m) => messageId(parts.run, (from + m) * demoQueues.length + n + 1))
      tally.sent += batch.length
      way.count += batch.length
      home.push(sendBatch(parts, contract, batch, ids, way))
    }
  }
  await Promise.all(home)
}

async function sendBatch(
  { home, tally, onHome }: RunParts,
  contract: AnyContract,
  batch: readonly Piece[],
  ids: readonly string[],
  way: OnTheirWay,
): Promise<void> {
  const sentAtMs = performance.now()
  const receipts: Receipt<AnyContract>[] = await home.sendMany(contract, batch, { ids })
  tally.confirmed += receipts.length
  const come = (outcome: Outcome<AnyContract>): void => {
    way.cameHome()
    tally.came(outcome, performance.now() - sentAtMs)
    onHome()
  }
  await Promise.all(receipts.map((receipt) => receipt.outcome().then(come)))
}

/** How many messages are out, and waiting until there is room for more. */
class OnTheirWay {
  count = 0
  #waiting: (() => void) | undefined

  async room(): Promise<void> {
    if (this.count < onTheirWayMax) return
    await new Promise<void>((resolve) => {
      this.#waiting = resolve
    })
  }

  cameHome(): void {
    this.count--
    if (this.count >= onTheirWayMax) return
    this.#waiting?.()
    this.#waiting = undefined
  }
}
