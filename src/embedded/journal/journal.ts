/*
 * Group commit.
 *
 *   append ─┐
 *   append ─┼─▶ arena ── write ── fdatasync ──▶ tell all, in append order
 *   append ─┘    (the next batch gathers here meanwhile)
 *
 * What nobody waits for, an acknowledgement for one, makes no batch of its own: it is written with what
 * comes next, or soon.
 *
 * Rule: nobody is told before the sync that covers the record has returned. A failed write of a full
 * disk is tried again at the same place, for nothing of it was promised; any other failed write, and
 * every failed sync, ends the journal: the kernel has marked the pages clean, a second sync would lie.
 * After a crash, records behind the last whole batch were never confirmed.
 *
 * Appending is synchronous: `begin()` gives the arena, the caller writes the payload, `end()` seals
 * it. Where the record lies is known at once (`segment`, `recordFrom`, `recordBytes`).
 */

import { ByteWriter } from '../../bytes.ts'
import type { Clock } from '../../clock.ts'
import { HomingError } from '../../errors.ts'
import type { Disk, DiskFile } from './disk.ts'
import type { JournalOptions, Waiter } from './journal-options.ts'
import {
  frameBytes,
  isForLedger,
  type RecordType,
  recordHome,
  recordTypes,
  sealFrame,
} from './record.ts'
import { RecordReading } from './record-reading.ts'
import { Reserve } from './reserve.ts'
import { segmentHeaderBytes } from './segment.ts'
import { SegmentFiles } from './segment-files.ts'
import { SegmentWriter } from './segment-writer.ts'

const arenaBytesMax = 1024 * 1024
const arenaBytesMin = 64 * 1024
const arenaBytesLikelyMax = 8 * 1024 * 1024
/** Gathered in one turn: more than this is on its way to the disk while the turn goes on. */
const eagerBytes = 128 * 1024
/** How long what nobody waits for may stay unwritten. */
const unaskedMsMax = 5

export class Journal {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #options: JournalOptions
  readonly #files: SegmentFiles
  readonly #reserve: Reserve
  readonly #records: RecordReading
  #file: DiskFile
  /** Small segments need no large arena. */
  readonly #arenaBytes: number
  #arena: ByteWriter
  /** Where in the segment the arena's first byte lies. */
  #arenaFrom = segmentHeaderBytes
  #taken = 0
  #sealedBytes = 0
  #recordAt = 0
  #waiters: Waiter[] = []
  /** Those of the batch that is being written. */
  #underWay: Waiter[] | undefined
  #scheduled = false
  #scheduledLate = false
  /** The first batch is still to come. */
  #opens = true
  #running: Promise<void> | undefined
  readonly #writer: SegmentWriter
  #failure: HomingError | undefined
  /** Rises with each group commit: records of one batch become durable together. */
  batch = 0
  segment: number
  recordFrom = 0
  recordBytes = 0
  lastLsn: number
  durableLsn: number
  /** LSN of the last record appended that the ledger takes from; 0 when there was none yet. */
  ledgerLsn = 0

  private constructor(
    disk: Disk,
    clock: Clock,
    options: JournalOptions,
    files: SegmentFiles,
    reserve: Reserve,
    first: { segment: number; file: DiskFile },
    lastLsn: number,
  ) {
    this.#disk = disk
    this.#clock = clock
    this.#options = options
    this.#arenaBytes = Math.max(arenaBytesMin, Math.min(arenaBytesMax, options.segmentBytes))
    this.#arena = new ByteWriter(this.#arenaBytes)
    this.#files = files
    this.#reserve = reserve
    const onFailed = (error: unknown): void => this.#fail(error, [])
    this.#writer = new SegmentWriter({ clock, sync: options.sync, reserve, onFailed })
    this.#records = new RecordReading(files, options.tailBytesMax, this.#inArena)
    this.segment = first.segment
    this.#file = first.file
    this.lastLsn = lastLsn
    this.durableLsn = lastLsn
  }

  /** Starts a new segment behind those that recovery has read. */
  static async open(
    disk: Disk,
    clock: Clock,
    options: JournalOptions,
    last: { readonly segment: number; readonly lsn: number },
  ): Promise<Journal> {
    const files = new SegmentFiles(disk)
    const segment = last.segment + 1
    const reserve = new Reserve(disk, options.reserveBytes)
    const make = (): Promise<DiskFile> => files.make(segment)
    const file = await make().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOSPC') throw error
      await reserve.giveUp()
      await files.remove(segment).catch(() => undefined)
      return make()
    })
    if (!reserve.full) await reserve.begin()
    return new Journal(disk, clock, options, files, reserve, { segment, file }, last.lsn)
  }

  /** True when nothing new is to be accepted. */
  get full(): boolean {
    return this.#reserve.full
  }

  /** Why the journal has ended, if it has. */
  get failure(): HomingError | undefined {
    return this.#failure
  }

  /** Everything appended is durable. */
  get isIdle(): boolean {
    return this.gatheredBytes === 0 && this.#running === undefined
  }

  /** Bytes gathered and not yet taken for writing. */
  get gatheredBytes(): number {
    return this.#arena.length - this.#taken
  }

  /** The writer, placed where the payload goes. Every begin is followed by its end in the same turn. */
  begin(): ByteWriter {
    if (this.#failure) throw this.#failure
    if (this.#arena.length === this.#taken) this.#openBatch()
    this.#recordAt = this.#arena.length
    this.#arena.ensure(frameBytes)
    this.#arena.length += frameBytes
    return this.#arena
  }

  end(type: RecordType): number {
    const arena = this.#arena
    const lsn = ++this.lastLsn
    if (isForLedger(type)) this.ledgerLsn = lsn
    this.recordFrom = this.#arenaFrom + this.#recordAt
    const home = recordHome(this.segment, this.recordFrom)
    sealFrame(arena.buffer, arena.view, this.#recordAt, arena.length, type, lsn, home)
    this.recordBytes = arena.length - this.#recordAt
    this.#kick()
    return lsn
  }

  /** Bytes appended since the journal was opened. */
  get writtenBytes(): number {
    return this.#sealedBytes + this.#arena.length
  }

  /** Where the next record will lie. */
  get nextFrom(): number {
    return this.#arenaFrom + this.#arena.length
  }

  /** The payload of the record just ended, valid until the next append. */
  lastPayload(): Buffer {
    return this.#arena.buffer.subarray(this.#recordAt + frameBytes, this.#arena.length)
  }

  /** Tells when everything appended so far is durable. */
  tellDurable(waiter: Waiter): void {
    if (this.#failure) waiter.durable(this.#failure)
    else if (this.#arena.length === this.#taken && !this.#running) waiter.durable(undefined)
    // Nothing of its own is left for the next batch: the one under way holds all of it.
    else if (this.#arena.length === this.#taken && this.#underWay) this.#underWay.push(waiter)
    else {
      this.#waiters.push(waiter)
      this.#kick()
    }
  }

  whenDurable(durable: (error: HomingError | undefined) => void): void {
    this.tellDurable({ durable })
  }

  durable(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.whenDurable((error) => (error ? reject(error) : resolve()))
    })
  }

  /** The record's bytes, frame included, when they are in memory. */
  peek(segment: number, from: number): Buffer | undefined {
    return this.#records.peek(segment, from)
  }

  /** Reads the record, and what lies behind it, into memory. Fails with `journal-damaged`. */
  load(segment: number, from: number): Promise<Buffer> {
    return this.#records.load(segment, from)
  }

  /** Bytes that are still in the arena. */
  readonly #inArena = (segment: number, from: number, length: number): Buffer | undefined => {
    if (segment !== this.segment || from < this.#arenaFrom) return undefined
    const at = from - this.#arenaFrom
    return this.#arena.buffer.subarray(at, at + length)
  }

  /** Durable whatever `sync` says: what a checkpoint is about to name. */
  async safe(): Promise<void> {
    await this.durable()
    await this.#writer.safe()
  }

  /** Writes what is gathered and closes. What cannot be written is reported as failed. */
  async close(): Promise<void> {
    this.#writer.stop()
    while (!this.#failure && (this.#running || this.gatheredBytes > 0)) await this.durable()
    if (!this.#failure) await this.safe()
    await this.#reserve.rest()
    await this.#files.close()
  }

  async removeSegment(segment: number): Promise<void> {
    await this.#files.remove(segment)
  }

  #openBatch(): void {
    this.#seal()
    this.batch++
    this.#arena.ensure(frameBytes + 9)
    const from = this.#arena.length
    this.#arena.length += frameBytes
    this.#arena.f64(this.durableLsn)
    if (this.#opens) this.#arena.u8(1)
    this.#opens = false
    sealFrame(
      this.#arena.buffer,
      this.#arena.view,
      from,
      this.#arena.length,
      recordTypes.batch,
      ++this.lastLsn,
      recordHome(this.segment, this.#arenaFrom + from),
    )
  }

  /** Between batches: gives a full arena to the tail and goes on to the next segment when it is time. */
  #seal(): void {
    const next = this.#nextSegment()
    if (!next && this.#arena.length < this.#arenaBytes) return
    this.#records.keep(this.segment, this.#arenaFrom, this.#arena.taken())
    this.#arenaFrom += this.#arena.length
    this.#sealedBytes += this.#arena.length
    this.#arena = new ByteWriter(this.#nextArenaBytes())
    this.#taken = 0
    if (!next) return
    this.#options.onSealed(this.segment, this.lastLsn)
    this.segment = next.segment
    this.#file = next.file
    this.#arenaFrom = segmentHeaderBytes
  }

  /** As large as the last one became: an arena that has to grow is copied. */
  #nextArenaBytes(): number {
    const likely = Math.min(this.#arena.length, arenaBytesLikelyMax)
    return Math.max(this.#arenaBytes, Math.ceil(likely / arenaBytesMin) * arenaBytesMin)
  }

  #nextSegment(): { segment: number; file: DiskFile } | undefined {
    const size = this.#arenaFrom + this.#arena.length
    if (size < this.#options.segmentBytes / 2) return undefined
    this.#files.prepare(this.segment + 1)
    return size < this.#options.segmentBytes
      ? undefined
      : this.#files.takePrepared(this.segment + 1)
  }

  /** Writing begins at the end of this turn, so that all of it is one batch; at once when it is much. */
  #kick(): void {
    if (this.#running) return
    if (this.gatheredBytes >= eagerBytes) {
      this.#start()
    } else if (this.#waiters.length === 0) {
      if (this.#scheduledLate) return
      this.#scheduledLate = true
      this.#clock.after(unaskedMsMax, () => {
        this.#scheduledLate = false
        this.#startIfIdle()
      })
    } else if (!this.#scheduled) {
      this.#scheduled = true
      this.#clock.soon(() => {
        this.#scheduled = false
        this.#startIfIdle()
      })
    }
  }

  #startIfIdle(): void {
    if (!this.#running && this.gatheredBytes > 0 && !this.#failure) this.#start()
  }

  /** Somebody waits for what is gathered, or it is much. */
  get #isAskedFor(): boolean {
    return this.#waiters.length > 0 || this.gatheredBytes >= eagerBytes
  }

  #start(): void {
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      if (this.gatheredBytes > 0 && !this.#failure) this.#kick()
      else this.#tellIdle()
    })
  }

  async #run(): Promise<void> {
    for (let n = 0; this.gatheredBytes > 0 && !this.#failure; n++) {
      if (n > 0 && !this.#isAskedFor) return
      const bytes = this.#arena.buffer.subarray(this.#taken, this.#arena.length)
      const position = this.#arenaFrom + this.#taken
      // The file of this batch: the next one may already gather for another segment.
      const file = this.#file
      const waiters = this.#waiters
      const lsn = this.lastLsn
      this.#taken = this.#arena.length
      this.#waiters = []
      this.#underWay = waiters
      const startedMs = this.#clock.monotonicMs()
      try {
        await this.#writer.write(file, bytes, position)
      } catch (error) {
        this.#fail(error, waiters)
        return
      }
      this.#underWay = undefined
      this.durableLsn = lsn
      for (const waiter of waiters) waiter.durable(undefined)
      this.#options.onCommit(this.#clock.monotonicMs() - startedMs)
    }
  }

  /** Those who came while the last batch was under way and had nothing of their own in the next. */
  #tellIdle(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) waiter.durable(undefined)
  }

  #fail(cause: unknown, waiters: readonly Waiter[]): void {
    const text = cause instanceof Error ? cause.message : String(cause)
    const error = new HomingError(
      'disk-failed',
      `writing the journal failed (${text}); nothing more is confirmed: check the disk, then start again, recovery keeps what was confirmed`,
      { cause },
    )
    this.fail(error, waiters)
  }

  /** Ends the journal: nothing more is confirmed, and everyone who waits is told why. Only once. */
  fail(error: HomingError, waiters: readonly Waiter[] = []): void {
    if (this.#failure) return
    this.#failure = error
    const all = [...waiters, ...this.#waiters]
    this.#waiters = []
    for (const waiter of all) waiter.durable(error)
    this.#options.onFailed(error)
  }

  /** Looks whether a full disk has room again; call it now and then while `full`. */
  async retakeReserve(): Promise<void> {
    await this.#reserve.retake()
  }

  get disk(): Disk {
    return this.#disk
  }
}
