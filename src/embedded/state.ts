/*
 * What an engine knows, apart from its devices: queues, live ids, segments, gathers.
 * The same state is changed by work as it happens and by recovery as it reads the journal.
 */

import type { QueueSettings } from '../engine.ts'
import { Gathers } from './gathers.ts'
import { hashId, IdIndex } from './id-index.ts'
import { LiveQueue } from './live-queue.ts'
import { type Entry, messageKind } from './queue/entry.ts'
import type { IndexBlock } from './queue/index-block.ts'
import { Routing } from './routing/routing.ts'
import type { RoutingSnapshot } from './routing/routing-snapshot.ts'
import { SegmentTable } from './segment-table.ts'

/** Where a record lies. */
export interface Lies {
  readonly segment: number
  readonly from: number
  readonly bytes: number
}

export class State {
  readonly queues = new Map<string, LiveQueue>()
  readonly numbered = new Map<number, LiveQueue>()
  readonly ids = new IdIndex()
  readonly segments = new SegmentTable()
  readonly gathers = new Gathers()
  routing = new Routing()
  nextQueueNumber = 1
  /** LSN of the last record, of those recovery has read, that the ledger takes from. */
  ledgerLsn = 0
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
  }

  hash(id: string): number {
    return hashId(id, this.#seed)
  }

  addQueue(number: number, name: string, settings: QueueSettings, nowMs: number): LiveQueue {
    const live = new LiveQueue(number, name, settings, nowMs)
    this.queues.set(name, live)
    this.numbered.set(number, live)
    this.nextQueueNumber = Math.max(this.nextQueueNumber, number + 1)
    return live
  }

  /** Exchanges and bindings that outlive the process: a binding does when both its ends do. */
  durableRouting(): RoutingSnapshot {
    const { exchanges, bindings } = this.routing.snapshot()
    const isKept = (exchange: string): boolean => this.routing.exchange(exchange)?.durable !== false
    return {
      exchanges: exchanges.filter(({ durable }) => durable),
      bindings: bindings.filter(
        ({ source, kind, destination }) =>
          isKept(source) &&
          (kind === 'exchange'
            ? isKept(destination)
            : this.queues.get(destination)?.durable !== false),
      ),
    }
  }

  /** An entry has come to stand in a queue. Only messages with an id of their own are found by it. */
  hold(entry: Entry): void {
    if (entry.transient) return
    this.segments.hold(entry.segment, entry.bytes)
    if (entry.kind === messageKind) this.ids.add(entry.hash, entry.segment, entry.from)
  }

  /** An entry has left: its record is no longer needed for it, and its id no longer live. */
  release(entry: Entry): void {
    if (entry.transient) return
    this.segments.release(entry.segment, entry.bytes)
    if (entry.kind === messageKind) this.ids.remove(entry.hash, entry.segment, entry.from)
  }

  /** Compaction has written the entry's record anew. */
  moveEntry(entry: Entry, to: Lies): void {
    this.#moved(entry, to)
    entry.segment = to.segment
    entry.from = to.from
    entry.bytes = to.bytes
  }

  moveRow(block: IndexBlock, row: number, to: Lies): void {
    this.#moved(block.entryAt(row, 0), to)
    block.moveTo(row, to.segment, to.from, to.bytes)
  }

  #moved(old: Entry, to: Lies): void {
    this.segments.release(old.segment, old.bytes)
    this.segments.hold(to.segment, to.bytes)
    if (old.kind === messageKind) this.ids.move(old.hash, old, to.segment, to.from)
  }

  /** Bytes of queue index in memory. */
  indexBytes(): number {
    let bytes = 0
    for (const { queue } of this.queues.values()) {
      for (const fifo of queue.fifos) for (const block of fifo.blocks) bytes += block.memoryBytes
    }
    return bytes
  }
}
