/*
 * Entries whose outcome the ledger has.
 *
 *   final record damaged, or gone with its segment ─▶ replay puts the message back ─▶ taken out here
 *
 * Rule: an outcome is final, whatever is left of the journal (invariants 11, 20, 23). Looked for only
 * after damage, for it reads every segment. A message that was routed to several queues is left
 * alone: its outcome does not say of which of them.
 */

import { ByteReader } from '../bytes.ts'
import type { IndexPages } from './index-pages.ts'
import { readAccept } from './journal/accept-record.ts'
import type { Disk } from './journal/disk.ts'
import { readMove } from './journal/move-record.ts'
import { type Frame, recordTypes } from './journal/record.ts'
import { scanSegment } from './journal/scan.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { LiveQueue } from './live-queue.ts'
import type { State } from './state.ts'

export interface FinishedParts {
  readonly disk: Disk
  readonly state: State
  readonly pages: IndexPages
  readonly ledger: Ledger
}

interface Stands {
  readonly id: string
  readonly queueNumber: number
  readonly position: number
}

/** Takes them out of their queues; returns how many. */
export async function dropFinished(parts: FinishedParts): Promise<number> {
  const { disk, state, ledger } = parts
  let dropped = 0
  const drop = async (stands: Stands, segment: number, at: number): Promise<void> => {
    const live = state.numbered.get(stands.queueNumber)
    if (!live || ledger.find(stands.id) === undefined) return
    if (await dropOne(parts, live, stands.position, segment, at)) dropped++
  }
  for (const { segment, live } of state.segments.all()) {
    if (live === 0) continue
    await scanSegment(disk, segment, 0, {
      record: (frame, buffer, _segment, at) => {
        const stands = standsIn(frame, buffer)
        return stands && drop(stands, segment, at)
      },
      skipped: () => undefined,
    }).catch(ignoreMissing)
  }
  return dropped
}

function standsIn(frame: Frame, buffer: Buffer): Stands | undefined {
  const reader = new ByteReader(buffer, frame.payloadFrom, frame.end)
  if (frame.type === recordTypes.accept) {
    const { message, entries } = readAccept(reader)
    const [entry] = entries
    // A plain message has no outcome that could be known.
    const isOwn = message.id !== '' && message.exchange === ''
    return entry && isOwn ? { id: message.id, ...entry } : undefined
  }
  if (frame.type !== recordTypes.move) return undefined
  const { accepted, queueNumber, position } = readMove(reader)
  const { id, exchange } = accepted.message
  return id !== '' && exchange === '' ? { id, queueNumber, position } : undefined
}

async function dropOne(
  { state, pages }: FinishedParts,
  { queue }: LiveQueue,
  position: number,
  segment: number,
  at: number,
): Promise<boolean> {
  const entry = queue.entry(position)
  if (entry) {
    if (entry.segment !== segment || entry.from !== at) return false
    queue.remove(entry)
    state.release(entry)
    return true
  }
  const there = queue.locate(position)
  if (there) await pages.bringBack(there.block)
  const found = queue.locate(position)
  const row = found ? found.block.rowOf(position) : -1
  if (!found || row < 0) return false
  const waiting = found.block.entryAt(row, found.fifo.priority)
  if (waiting.segment !== segment || waiting.from !== at) return false
  state.release(queue.removeRow(found.fifo, found.block, row))
  return true
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
