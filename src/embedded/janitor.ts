/*
 * The janitor: checkpoints, old segments, compaction.
 *
 * Rule: a segment goes when nothing alive has its record there, nothing in it is damaged, the last two
 * checkpoints are past it, and the ledger has what it needs from it, on disk. A segment with a little left alive is first
 * rewritten: its live records are appended anew as `move` records. One round at a time.
 */

import { ByteReader } from '../bytes.ts'
import type { Timer } from '../clock.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { Core } from './core.ts'
import type { Ending } from './ending.ts'
import { isGoneOnRecord } from './gone-on-record.ts'
import type { IndexPages } from './index-pages.ts'
import { type AcceptedEntry, readAccept, writeAccept } from './journal/accept-record.ts'
import { readFinal } from './journal/final-record.ts'
import { readMove, writeMoveHead } from './journal/move-record.ts'
import { type Frame, recordTypes } from './journal/record.ts'
import { scanSegment } from './journal/scan.ts'
import type { LiveQueue } from './live-queue.ts'
import type { Entry } from './queue/entry.ts'
import type { IndexBlock } from './queue/index-block.ts'
import type { SegmentUse } from './segment-table.ts'
import { homecomingMessage, type StoredMessage } from './stored-message.ts'

export interface JanitorParts {
  readonly core: Core
  readonly checkpoints: Checkpoints
  readonly pages: IndexPages
  readonly ending: Ending
  readonly segmentBytes: number
  readonly checkpointBytes: number
}

/** A segment is rewritten when less than this part of a full one is alive in it. */
const sparsePart = 0.25
const segmentsMin = 4
const segmentsAtOpenMax = 16
const forgetEveryMs = 60_000
const gatheredBytesMax = 1024 * 1024

export class Janitor {
  readonly #parts: JanitorParts
  #round: Promise<void> | undefined
  /** Blocks that had to be brought back for a rewrite; memory is as short as it was. */
  readonly #broughtBack = new Set<IndexBlock>()
  #writtenAt: number
  #timer: Timer | undefined

  constructor(parts: JanitorParts) {
    this.#parts = parts
    this.#writtenAt = parts.core.journal.writtenBytes
  }

  /** Looks whether it is time for a round; cheap, called after each group commit. */
  look(): void {
    const { core, checkpointBytes } = this.#parts
    if (this.#round || core.closed) return
    if (core.journal.writtenBytes - this.#writtenAt < checkpointBytes) return
    this.#start()
  }

  /** Outcomes grow old in an engine that does nothing, too. */
  #forgetLater(): void {
    const { core } = this.#parts
    this.#timer = core.clock.after(forgetEveryMs, () => {
      core.outcomes.ledger
        .forget(core.nowMs())
        .catch((error) => this.#report(error))
        .finally(() => {
          if (!core.closed) this.#forgetLater()
        })
    })
  }

  /** Many short lives that never came to a checkpoint leave many small segments. */
  opened(): void {
    this.#forgetLater()
    if (this.#parts.core.state.segments.all().length > segmentsAtOpenMax) this.#start()
  }

  #start(): void {
    this.#writtenAt = this.#parts.core.journal.writtenBytes
    this.#round = this.#doRound().finally(() => {
      this.#round = undefined
    })
  }

  async #doRound(): Promise<void> {
    const { core } = this.#parts
    try {
      await this.checkpoint()
      await this.#removeDead()
      for (const use of this.#sparse()) await this.#rewrite(use)
    } catch (error) {
      if (!core.closed && !core.journal.failure) this.#report(error)
    }
  }

  /** The last checkpoint, at close: the next start has nothing to read behind it. */
  async tidyUp(): Promise<void> {
    try {
      await this.checkpoint()
      await this.#removeDead()
    } catch (error) {
      if (!this.#parts.core.journal.failure) this.#report(error)
    }
  }

  #report(error: unknown): void {
    this.#parts.core.onProblem(`tidying up failed, it is tried again later: ${error}`)
  }

  async checkpoint(): Promise<void> {
    const { core, checkpoints, ending } = this.#parts
    // An entry on its way out is in no queue and not final yet: a picture now would lose it.
    while (ending.busy) await ending.settled()
    await checkpoints.take(core.journal)
  }

  /** Does that in place of a round: meanwhile nothing is removed, rewritten or written over. */
  async hold<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#round) await this.#round
    const working = work()
    const over = (): void => {
      this.#round = undefined
    }
    this.#round = working.then(over, over)
    return working
  }

  /** Waits for the round under way. */
  async rest(): Promise<void> {
    this.#timer?.cancel()
    await this.#round
  }

  async #removeDead(): Promise<void> {
    const { core, checkpoints } = this.#parts
    const { state, journal, outcomes } = core
    const dead = state.segments
      .all()
      .filter(
        (use) =>
          use.live === 0 &&
          !use.damaged &&
          use.segment < journal.segment &&
          use.lastLsn <= checkpoints.safeLsn,
      )
    if (dead.length === 0) return
    const safeLsn = await outcomes.flushed()
    for (const { segment, lastLsn } of dead) {
      if (lastLsn > safeLsn) continue
      await journal.removeSegment(segment)
      state.segments.delete(segment)
    }
  }

  #sparse(): SegmentUse[] {
    const { core, segmentBytes } = this.#parts
    const uses = core.state.segments.all().filter((use) => use.segment < core.journal.segment)
    if (uses.length < segmentsMin) return []
    const liveBytes = uses.reduce((sum, use) => sum + use.liveBytes, 0)
    // Worth it only when most of what is kept is dead.
    if (liveBytes * 2 > uses.length * segmentBytes) return []
    return uses.filter((use) => use.live > 0 && use.liveBytes < segmentBytes * sparsePart)
  }

  async #rewrite(use: SegmentUse): Promise<void> {
    const { core } = this.#parts
    const { segment } = use
    await scanSegment(core.journal.disk, segment, 0, {
      record: (frame, buffer, _segment, at) => {
        const holds = messagesOf(frame, buffer)
        return holds.length > 0 ? this.#moveAll(holds, segment, at) : undefined
      },
      skipped: () => undefined,
    })
    await core.journal.durable()
    for (const block of this.#broughtBack) if (block.full) this.#parts.pages.filled(block)
    this.#broughtBack.clear()
  }

  async #moveAll(holds: readonly Holding[], segment: number, at: number): Promise<void> {
    for (const holding of holds) {
      const live = this.#parts.core.state.numbered.get(holding.queueNumber)
      if (live) await this.#move(live, holding, segment, at)
    }
    if (this.#parts.core.journal.gatheredBytes > gatheredBytesMax)
      await this.#parts.core.journal.durable()
  }

  async #move(live: LiveQueue, holding: Holding, segment: number, at: number): Promise<void> {
    const { core, pages } = this.#parts
    const { queue } = live
    const there = queue.entry(holding.position) ? undefined : queue.locate(holding.position)
    if (there && !there.block.columns) {
      await pages.bringBack(there.block)
      this.#broughtBack.add(there.block)
    }
    if (core.journal.failure) throw core.journal.failure
    const entry = queue.entry(holding.position)
    if (entry) {
      if (entry.segment !== segment || entry.from !== at) return
      // A `move` behind its removal would bring it back.
      if (isGoneOnRecord(entry)) return
      core.state.moveEntry(entry, this.#append(live, holding, entry))
      return
    }
    const block = queue.locate(holding.position)?.block
    const row = block?.columns ? block.rowOf(holding.position) : -1
    if (!block || row < 0) return
    const waiting = block.entryAt(row, 0)
    if (waiting.segment !== segment || waiting.from !== at) return
    core.state.moveRow(block, row, this.#append(live, holding, waiting))
  }

  #append(live: LiveQueue, { stored, position }: Holding, entry: Entry) {
    const { journal } = this.#parts.core
    const writer = journal.begin()
    writeMoveHead(writer, {
      queueNumber: live.queue.number,
      position,
      attempts: entry.attempts,
      excused: entry.excused,
      availableAtMs: entry.availableAtMs,
    })
    writeAccept(writer, stored.message, stored.acceptedAtMs, [])
    journal.end(recordTypes.move)
    return { segment: journal.segment, from: journal.recordFrom, bytes: journal.recordBytes }
  }
}

interface Holding {
  readonly queueNumber: number
  readonly position: number
  readonly stored: StoredMessage
}

function messagesOf(frame: Frame, buffer: Buffer): Holding[] {
  const reader = new ByteReader(buffer, frame.payloadFrom, frame.end)
  switch (frame.type) {
    case recordTypes.accept: {
      const stored = readAccept(reader)
      return stored.entries.map(({ queueNumber, position }: AcceptedEntry) => ({
        queueNumber,
        position,
        stored,
      }))
    }
    case recordTypes.move: {
      const { queueNumber, position, accepted } = readMove(reader)
      return [{ queueNumber, position, stored: accepted }]
    }
    case recordTypes.final: {
      const final = readFinal(reader)
      return final.onward.map(({ queueNumber, position }, n) => ({
        queueNumber,
        position,
        stored: {
          message: homecomingMessage(final, n),
          acceptedAtMs: final.outcome.finishedAtMs,
        },
      }))
    }
    default:
      return []
  }
}
