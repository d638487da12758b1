/*
 * What waits in a queue, in the order of delivery, without taking it.
 *
 *   what came back ─┐
 *   parked ─────────┼─ merged by priority and position ─▶ entries
 *   fifos, lines ───┘
 *
 * Rule: nothing is changed. A block that is put away is not brought back: the caller reads a picture of
 * it and asks anew.
 */

import { type Entry, entryStates } from './entry.ts'
import type { Fifo } from './fifo.ts'
import type { IndexBlock } from './index-block.ts'
import { dueAt, type Queue, standsBefore } from './queue.ts'

/** Where a page ended: what stands behind it is next. */
export interface QueuePlace {
  readonly priority: number
  readonly position: number
}

/** A block that must be read before one can go on. */
interface Needed extends QueuePlace {
  readonly needed: IndexBlock
}

export interface BrowseParts {
  readonly queue: Queue
  /** Undefined for the beginning. */
  readonly after: QueuePlace | undefined
  /** Waiting, and not in any line. */
  readonly parked: readonly Entry[]
  /** The rows of a block that is put away, once they were read. */
  picture(block: IndexBlock): IndexBlock | undefined
}

/** The entry of that position, or the block in which it may be, put away; not of transient ones. */
export function standingAt(queue: Queue, position: number): Entry | IndexBlock | undefined {
  const entry = queue.entry(position)
  if (entry) return entry
  const there = queue.locate(position)
  if (!there) return undefined
  if (!there.block.columns) return there.block
  const row = there.block.rowOf(position)
  return row < 0 ? undefined : there.block.entryAt(row, there.fifo.priority)
}

/** What is delayed, next first, and by position where that is the same. */
export function* sleepers(queue: Queue): Generator<Entry> {
  let group: Entry[] = []
  for (const entry of queue.sleeping.inOrder()) {
    if (entry.state !== entryStates.delayed) continue
    if (group[0] && dueAt(group[0]) !== dueAt(entry)) {
      yield* inPlace(group)
      group = []
    }
    group.push(entry)
  }
  yield* inPlace(group)
}

/** One that was awake in between may be in the heap twice. */
function* inPlace(group: Entry[]): Generator<Entry> {
  group.sort((a, b) => a.position - b.position)
  for (const [n, entry] of group.entries()) if (group[n - 1] !== entry) yield entry
}

type Source = Iterator<Entry | Needed>

/** The next ones that wait, at most so many; and the block that is needed for more. */
export function browse(
  parts: BrowseParts,
  limit: number,
): { readonly entries: Entry[]; readonly needed: IndexBlock | undefined } {
  const sources = sourcesOf(parts).map((source) => ({ source, next: source.next().value }))
  const entries: Entry[] = []
  while (entries.length < limit) {
    let first: (typeof sources)[number] | undefined
    for (const one of sources) {
      if (one.next && (!first?.next || standsBefore(one.next, first.next))) first = one
    }
    const next = first?.next
    if (!first || !next) break
    if ('needed' in next) return { entries, needed: next.needed }
    // What was delayed in between may be in the heap twice.
    if (entries.at(-1)?.position !== next.position) entries.push(next)
    first.next = first.source.next().value
  }
  return { entries, needed: undefined }
}

function sourcesOf(parts: BrowseParts): Source[] {
  const { queue, after } = parts
  const sources: Source[] = [returned(parts), parked(parts)]
  for (const fifo of queue.fifos) {
    const from = startIn(fifo.priority, after)
    if (from !== undefined) sources.push(rows(fifo, from, parts))
  }
  for (const line of queue.lines) {
    const from = startIn(line.priority, after)
    if (from !== undefined) sources.push(line.behind(from))
  }
  return sources
}

/** The position behind which a page begins in that priority; undefined when it is over. */
function startIn(priority: number, after: QueuePlace | undefined): number | undefined {
  if (after === undefined || priority < after.priority) return 0
  return priority === after.priority ? after.position : undefined
}

const isBehind = (entry: Entry, after: QueuePlace | undefined): boolean =>
  after === undefined || standsBefore(after, entry)

function* returned({ queue, after }: BrowseParts): Generator<Entry> {
  for (const entry of queue.returned.inOrder()) {
    if (entry.state === entryStates.ready && isBehind(entry, after)) yield entry
  }
}

function* parked({ parked, after }: BrowseParts): Generator<Entry> {
  const sorted = parked.toSorted((a, b) => (standsBefore(a, b) ? -1 : 1))
  for (const entry of sorted) if (isBehind(entry, after)) yield entry
}

function* rows(fifo: Fifo, from: number, { picture }: BrowseParts): Generator<Entry | Needed> {
  const { priority } = fifo
  for (const block of fifo.blocks) {
    if (block.live === 0 || block.lastPosition <= from) continue
    const shown = block.columns ? block : picture(block)
    if (!shown) {
      yield { priority, position: Math.max(from, block.firstPosition), needed: block }
      return
    }
    for (let row = shown.head; row < shown.rows; row++) {
      if (!shown.isLive(row)) continue
      const entry = shown.entryAt(row, priority)
      if (entry.position > from) yield entry
    }
  }
}
