/*
 * The journal's records, applied to the state once more.
 *
 * Rule: replaying is a function of the records alone, so recovering twice gives the same state, and a
 * crash during recovery costs nothing. Whatever was held by a consumer stands ready again at its old
 * position, marked as delivered before.
 * Outcomes that the ledger has not stored yet are handed to it again, with their LSNs.
 */

import { ByteReader } from '../bytes.ts'
import type { SteadyTime } from '../clock.ts'
import { callbackQueue, type Message } from '../message/message.ts'
import { PlainMessage } from '../message/plain-message.ts'
import type { GatherRecord } from './gathers.ts'
import { type AcceptRecord, readAccept } from './journal/accept-record.ts'
import { readAttempt } from './journal/attempt-record.ts'
import { readPositions, readRequeue } from './journal/entry-records.ts'
import { type FinalRecord, readFinal } from './journal/final-record.ts'
import { readMove } from './journal/move-record.ts'
import { type Frame, recordTypes } from './journal/record.ts'
import type { LiveQueue } from './live-queue.ts'
import { Entry, entryStates, homecomingKind, messageKind, plainKind } from './queue/entry.ts'
import type { IndexBlock } from './queue/index-block.ts'
import type { Lies, State } from './state.ts'
import { applyRouting, type TopologyRecord } from './topology.ts'

export interface ReplayParts {
  readonly state: State
  readonly nowMs: SteadyTime
  readonly bringBack: (block: IndexBlock) => Promise<void>
  /** The record carries something for the ledger. */
  readonly onFinal: (final: FinalRecord, lies: Lies, lsn: number, payload: Buffer) => void
  readonly onDrop: (ids: readonly string[], lsn: number, payload: Buffer) => void
  readonly onAttempt: (lsn: number, payload: Buffer) => void
}

export class Replay {
  readonly #parts: ReplayParts
  readonly #state: State

  constructor(parts: ReplayParts) {
    this.#parts = parts
    this.#state = parts.state
  }

  /** Applies one record; a promise when a block of the index must be read first. */
  apply(frame: Frame, buffer: Buffer, lies: Lies): undefined | Promise<void> {
    const reader = new ByteReader(buffer, frame.payloadFrom, frame.end)
    const payload = buffer.subarray(frame.payloadFrom, frame.end)
    switch (frame.type) {
      case recordTypes.batch:
        return
      case recordTypes.accept:
        return this.#accept(readAccept(reader), lies, frame.lsn)
      case recordTypes.final:
        return this.#final(readFinal(reader), lies, frame.lsn, payload)
      case recordTypes.delivered:
        return this.#positions(reader, (live, position) => this.#delivered(live, position))
      case recordTypes.remove:
        return this.#positions(reader, (live, position) => this.#gone(live, position))
      case recordTypes.requeue:
        return this.#requeue(reader)
      case recordTypes.move:
        return this.#move(reader, lies)
      case recordTypes.topology:
        return this.#topology(JSON.parse(text(payload)) as TopologyRecord)
      case recordTypes.gather:
        this.#state.gathers.add(JSON.parse(text(payload)) as GatherRecord)
        return
      case recordTypes.drop:
        this.#parts.onDrop(JSON.parse(text(payload)) as string[], frame.lsn, payload)
        return
      case recordTypes.attempt:
        // Refused here when it cannot be read, and not by the ledger, which would stop.
        readAttempt(reader)
        this.#parts.onAttempt(frame.lsn, payload)
        return
      default:
        return frame.type satisfies never
    }
  }

  #accept(record: AcceptRecord, lies: Lies, lsn: number): undefined {
    const { message, acceptedAtMs, entries } = record
    this.#parts.nowMs.notBefore(acceptedAtMs)
    const hash = this.#state.hash(message.id)
    if (message.idChosen) this.#state.gathers.told(message.id)
    // A dead letter goes with its replay, also when a crash has cut the record that says so.
    if (message.meta?.replayOf !== undefined) this.#dropped([message.meta.replayOf], lsn)
    for (const { queueNumber, position, delivered } of entries) {
      const live = this.#live(queueNumber, queueOf(message, queueNumber))
      const entry = this.#entry(live, message, acceptedAtMs, position, hash, lies)
      live.queue.nextPosition = Math.max(live.queue.nextPosition, position + 1)
      this.#state.hold(entry)
      if (delivered) {
        entry.attempts = 1
        live.queue.put(entry)
      } else if (message.availableAtMs > this.#parts.nowMs()) {
        entry.state = entryStates.delayed
        entry.availableAtMs = message.availableAtMs
        live.queue.put(entry)
      } else {
        live.queue.push(entry)
      }
    }
  }

  /** The queue of that number. Made by its name when the record that declared it is damaged. */
  #live(number: number, name: string): LiveQueue {
    const known = this.#state.numbered.get(number)
    return known ?? this.#state.addQueue(number, name, {}, this.#parts.nowMs())
  }

  #dropped(ids: readonly string[], lsn: number): void {
    this.#parts.onDrop(ids, lsn, Buffer.from(JSON.stringify(ids)))
  }

  #entry(
    live: LiveQueue,
    message: Message,
    acceptedAtMs: number,
    position: number,
    hash: number,
    lies: Lies,
  ): Entry {
    const deadlineAtMs = live.waitsUntilMs(message, acceptedAtMs)
    const { segment, from, bytes } = lies
    return new Entry(
      position,
      live.priorityOf(message),
      message instanceof PlainMessage ? plainKind : messageKind,
      hash,
      deadlineAtMs,
      segment,
      from,
      bytes,
    )
  }

  #final(final: FinalRecord, lies: Lies, lsn: number, payload: Buffer): undefined | Promise<void> {
    this.#parts.nowMs.notBefore(final.outcome.finishedAtMs)
    const live = this.#state.numbered.get(final.queueNumber)
    const gone = live && this.#gone(live, final.position)
    const rest = (): undefined => {
      this.#onward(final, lies)
      this.#state.gathers.finished(final.outcome.id)
      this.#parts.onFinal(final, lies, lsn, payload)
    }
    return gone ? gone.then(rest) : rest()
  }

  #onward(final: FinalRecord, lies: Lies): void {
    const hash = final.onward.length > 0 ? this.#state.hash(final.outcome.id) : 0
    final.onward.forEach(({ callback, queueNumber, position, delivered }, n) => {
      const live = this.#live(queueNumber, callbackQueue(callback))
      const { segment, from, bytes } = lies
      const entry = new Entry(
        position,
        0,
        homecomingKind + n,
        hash,
        Number.POSITIVE_INFINITY,
        segment,
        from,
        bytes,
      )
      live.queue.nextPosition = Math.max(live.queue.nextPosition, position + 1)
      this.#state.hold(entry)
      entry.attempts = delivered ? 1 : 0
      if (delivered) live.queue.put(entry)
      else live.queue.push(entry)
    })
  }

  #positions(
    reader: ByteReader,
    act: (live: LiveQueue, position: number) => undefined | Promise<void>,
  ): undefined | Promise<void> {
    const { queueNumber, runs } = readPositions(reader)
    const live = this.#state.numbered.get(queueNumber)
    if (!live) return
    let waits: Promise<void> | undefined
    for (const { first, count } of runs) {
      for (let position = first; position < first + count; position++) {
        if (waits) waits = waits.then(() => act(live, position))
        else waits = act(live, position) ?? undefined
      }
    }
    return waits
  }

  #delivered(live: LiveQueue, position: number): undefined | Promise<void> {
    const { queue } = live
    const entry = queue.entry(position)
    if (entry) {
      queue.wake(entry)
      entry.attempts++
      return
    }
    return this.#row(live, position, (row) => {
      row.attempts = 1
      row.state = entryStates.ready
      queue.put(row)
    })
  }

  #gone(live: LiveQueue, position: number): undefined | Promise<void> {
    const entry = live.queue.entry(position)
    if (!entry) return this.#row(live, position, (row) => this.#state.release(row))
    live.queue.remove(entry)
    this.#state.release(entry)
  }

  /** Takes a waiting row out of its block, which may have to be read first. */
  #row(live: LiveQueue, position: number, act: (row: Entry) => void): undefined | Promise<void> {
    const there = live.queue.locate(position)
    if (!there) return
    const { fifo, block } = there
    if (!block.columns) {
      return this.#parts.bringBack(block).then(() => this.#row(live, position, act))
    }
    const row = block.rowOf(position)
    if (row >= 0) act(live.queue.removeRow(fifo, block, row))
  }

  #requeue(reader: ByteReader): undefined {
    const { queueNumber, position, availableAtMs, excused } = readRequeue(reader)
    const live = this.#state.numbered.get(queueNumber)
    const entry = live?.queue.entry(position)
    if (!live || !entry) return
    if (excused) entry.excused++
    if (availableAtMs <= this.#parts.nowMs()) return
    live.queue.delay(entry, availableAtMs)
  }

  #move(reader: ByteReader, lies: Lies): undefined | Promise<void> {
    const move = readMove(reader)
    const name = queueOf(move.accepted.message, move.queueNumber)
    const live = this.#live(move.queueNumber, name)
    const entry = live.queue.entry(move.position)
    if (entry) {
      this.#state.moveEntry(entry, lies)
      return
    }
    const there = live.queue.locate(move.position)
    if (there && !there.block.columns) {
      return this.#parts.bringBack(there.block).then(() => this.#moveRow(live, move, lies))
    }
    this.#moveRow(live, move, lies)
  }

  #moveRow(live: LiveQueue, move: ReturnType<typeof readMove>, lies: Lies): void {
    const there = live.queue.locate(move.position)
    const row = there ? there.block.rowOf(move.position) : -1
    if (there && row >= 0) {
      this.#state.moveRow(there.block, row, lies)
      return
    }
    // Its accept record is gone with an old segment and a checkpoint that was lost: put it back.
    const { message, acceptedAtMs } = move.accepted
    const hash = this.#state.hash(message.id)
    const entry = this.#entry(live, message, acceptedAtMs, move.position, hash, lies)
    entry.attempts = Math.max(1, move.attempts)
    entry.excused = move.excused
    this.#state.hold(entry)
    live.queue.put(entry)
    live.queue.nextPosition = Math.max(live.queue.nextPosition, move.position + 1)
  }

  #topology(record: TopologyRecord): undefined | Promise<void> {
    if (record.op === 'queue-deleted') return this.#deleted(record.number)
    if (record.op !== 'queue') {
      applyRouting(this.#state.routing, record)
      return
    }
    const live = this.#state.numbered.get(record.number)
    const namesake = this.#state.queues.get(record.name)
    // It was deleted, and its own record comes later.
    if (namesake && namesake !== live) this.#state.routing.removeQueue(record.name)
    if (live) live.change(record.settings)
    else this.#state.addQueue(record.number, record.name, record.settings, this.#parts.nowMs())
  }

  /** What was left in it goes without a record of its own. */
  #deleted(number: number): undefined | Promise<void> {
    const state = this.#state
    const live = state.numbered.get(number)
    if (!live) return
    state.numbered.delete(number)
    if (state.queues.get(live.queue.name) === live) {
      state.queues.delete(live.queue.name)
      state.routing.removeQueue(live.queue.name)
    }
    for (const entry of live.queue.entries()) state.release(entry)
    return this.#releaseRows(live)
  }

  async #releaseRows({ queue }: LiveQueue): Promise<void> {
    for (const fifo of queue.fifos) {
      for (const block of fifo.blocks) {
        if (block.live > 0 && !block.columns) await this.#parts.bringBack(block)
        for (let row = block.head; row < block.rows; row++) {
          if (block.isLive(row)) this.#state.release(block.entryAt(row, fifo.priority))
        }
      }
    }
  }
}

/** Through the default exchange the routing key is the name of the queue; else only its number is known. */
const queueOf = ({ exchange, routingKey }: Message, number: number): string =>
  exchange === '' ? routingKey : `recovered-${number}`

const text = (payload: Buffer): string => payload.toString('utf8')
