/*
 * From a directory to a state.
 *
 *   newest whole checkpoint ─▶ journal behind it, record by record ─▶ state
 *   journal behind the ledger's LSN ─▶ fed to the ledger
 *   last batch of the journal ─▶ written again in its place, and synced
 *
 * Rule: nothing is changed, so recovery can be cut off anywhere and begun again. A record that is
 * damaged costs itself: it is reported when it had been confirmed, which later batches tell by the
 * durable LSN they claim; above the last claim it was cut off by a crash before any confirm.
 */

import { ByteReader, ByteWriter } from '../bytes.ts'
import type { SteadyTime } from '../clock.ts'
import { HomingError } from '../errors.ts'
import {
  type LastCheckpoint,
  type LoadedCheckpoint,
  lastCheckpointNumber,
  loadCheckpoint,
} from './checkpoints.ts'
import { dropFinished } from './finished-entries.ts'
import type { IndexPages } from './index-pages.ts'
import { readAttempt } from './journal/attempt-record.ts'
import type { Disk } from './journal/disk.ts'
import { readFinal } from './journal/final-record.ts'
import { makeDurable } from './journal/make-durable.ts'
import { type Frame, readBatch, recordTypes } from './journal/record.ts'
import { type ScanHandler, type Skipped, scanSegment } from './journal/scan.ts'
import { segmentHeaderBytes, segmentName, segmentNumber } from './journal/segment.ts'
import type { Ledger } from './ledger/ledger.ts'
import {
  attemptKind,
  dropKind,
  type LedgerEventKind,
  outcomeKind,
  writeLedgerEvent,
} from './ledger/ledger-event.ts'
import { Replay } from './replay.ts'
import { type Lies, State } from './state.ts'
import { Withheld, type WithheldRecord } from './withheld.ts'

export interface RecoveryParts {
  readonly disk: Disk
  readonly ledger: Ledger
  readonly pages: IndexPages
  readonly indexBytesMax: number
  readonly nowMs: SteadyTime
  readonly freshSeed: number
  readonly onProblem: (text: string) => void
  /** Writes nothing, also not what is found once more: for those who only look. */
  readonly lookOnly?: boolean
}

export interface Recovered {
  readonly state: State
  readonly seed: number
  readonly checkpoint: LastCheckpoint
  readonly lastSegment: number
  readonly lastLsn: number
  /** Outcomes that the ledger was handed just now: answered from memory until it has stored them. */
  readonly fed: readonly FedOutcome[]
  /** LSN of the last thing that the ledger was handed just now, an outcome or not; 0 for nothing. */
  readonly fedLsn: number
}

/** Where the record of an outcome lies that the ledger may not have stored yet. */
export interface FedOutcome extends Lies {
  readonly hash: number
  readonly lsn: number
}

const feedBytes = 1024 * 1024

export async function recover(parts: RecoveryParts): Promise<Recovered> {
  const segments = (await parts.disk.list())
    .map(segmentNumber)
    .filter((segment) => segment !== undefined)
    .sort((a, b) => a - b)
  const found = await loadCheckpoint({
    disk: parts.disk,
    pages: parts.pages,
    indexBytesMax: parts.indexBytesMax,
    nowMs: parts.nowMs(),
    freshState: (seed) => new State(seed),
    onProblem: parts.onProblem,
  })
  if (!found) await parts.pages.restore(new Set())
  if (found) {
    parts.nowMs.notBefore(found.loaded.head.atMs)
  }
  const state = found?.state ?? new State(parts.freshSeed)
  const reading = new Reading(parts, state, found?.loaded)
  for (const segment of segments) await reading.segment(segment)
  const damaged = reading.finish()
  if (!parts.lookOnly) await believe(parts.disk, segments, reading)
  const blind = !found && segments.length > 0 && (segments[0] as number) > 1
  if (blind) {
    parts.onProblem(
      'no checkpoint could be read and older journal segments are gone: messages that were acknowledged without an outcome may be delivered again',
    )
  }
  if (damaged || blind) await dropFinished({ ...parts, state })
  for (const live of state.queues.values()) live.estimateReadyBytes()
  return {
    state,
    seed: found?.loaded.head.seed ?? parts.freshSeed,
    checkpoint: {
      number: await lastCheckpointNumber(parts.disk),
      whole: found?.loaded.number ?? 0,
      lsn: found?.loaded.head.lsn ?? 0,
    },
    lastSegment: segments.at(-1) ?? 0,
    // The ledger can be ahead of a journal that was opened without sync and lost its end.
    lastLsn: Math.max(reading.lastLsn, found?.loaded.head.lsn ?? 0, parts.ledger.openedAtLsn),
    fed: reading.fed,
    fedLsn: reading.fedLsn,
  }
}

/**
 * What a killed process wrote and never synced is believed from here on, so it must be durable. One
 * batch is written at a time; behind its segment there may be several without records.
 */
async function believe(
  disk: Disk,
  segments: readonly number[],
  { lastRecordIn, lastBatch }: Reading,
): Promise<void> {
  for (const segment of segments) {
    if (segment < lastRecordIn) continue
    const doubtful = segment === lastRecordIn ? lastBatch.from : undefined
    await makeDurable(disk, segmentName(segment), doubtful)
  }
}

/** What reading a malformed payload throws, and applying one that does not fit. */
const unreadable = [RangeError, SyntaxError, TypeError, HomingError]

class Reading implements ScanHandler {
  readonly #parts: RecoveryParts
  readonly #state: State
  readonly #from: { readonly segment: number; readonly from: number; readonly lsn: number }
  readonly #replay: Replay
  readonly #withheld = new Withheld()
  /** The ledger is handed copies, the state keeps numbers. */
  readonly #room = { bytes: Buffer.alloc(0) }
  #feed = new ByteWriter(64 * 1024)
  fedLsn = 0
  /** Spans of LSNs that are missing, and the highest LSN that any batch claims to be durable. */
  #gaps: { after: number; before: number; segment: number }[] = []
  #claimedLsn = 0
  #lastSegment = 0
  /** The last segment in which a record was found. */
  lastRecordIn = 0
  /** Where the last group commit begins; those before it were synced before it was written. */
  lastBatch = { segment: 0, from: segmentHeaderBytes }
  /** The segment in which bytes were passed over since the last record; 0 for none. */
  #skippedIn = 0
  #damaged = false
  /** The ledger has all that it takes from what lies before the checkpoint. */
  readonly #ledgerAhead: boolean
  /** Segments between this one and the last were removed, with all that was in them. */
  #behindRemoved = false
  lastLsn = 0
  readonly fed: FedOutcome[] = []

  constructor(parts: RecoveryParts, state: State, checkpoint: LoadedCheckpoint | undefined) {
    this.#parts = parts
    this.#state = state
    const head = checkpoint?.head
    this.#from = { segment: head?.segment ?? 0, from: head?.from ?? 0, lsn: head?.lsn ?? 0 }
    this.#ledgerAhead = parts.ledger.openedAtLsn >= Math.min(state.ledgerLsn, this.#from.lsn)
    this.#replay = new Replay({
      state,
      nowMs: parts.nowMs,
      bringBack: (block) => parts.pages.bringBack(block),
      onFinal: (final, lies, lsn, payload) => this.#final(final.outcome.id, lies, lsn, payload),
      onDrop: (_ids, lsn, payload) => this.#toLedger(lsn, dropKind, payload),
      onAttempt: (lsn, payload) => this.#toLedger(lsn, attemptKind, payload),
    })
  }

  async segment(segment: number): Promise<void> {
    const { disk, ledger } = this.#parts
    const use = this.#state.segments.use(segment)
    this.#behindRemoved = segment > this.#lastSegment + 1
    this.#lastSegment = segment
    const needed =
      segment >= this.#from.segment ||
      use.lastLsn === Number.POSITIVE_INFINITY ||
      (!this.#ledgerAhead && use.lastLsn > ledger.openedAtLsn)
    if (!needed) {
      this.lastLsn = Math.max(this.lastLsn, use.lastLsn)
      return
    }
    const ahead = this.#ledgerAhead && segment === this.#from.segment
    // What lies before the checkpoint's place was read when it was taken.
    if (ahead) this.lastLsn = Math.max(this.lastLsn, this.#from.lsn)
    await scanSegment(disk, segment, ahead ? this.#from.from : 0, this, this.#room)
    use.lastLsn = this.lastLsn
  }

  record(
    frame: Frame,
    buffer: Buffer,
    segment: number,
    at: number,
    bytes: number,
  ): undefined | Promise<void> {
    try {
      return this.#read(frame, buffer, { segment, from: at, bytes })
    } catch (error) {
      this.#leftOut(frame.lsn, segment, error)
    }
  }

  #read(frame: Frame, buffer: Buffer, lies: Lies): undefined | Promise<void> {
    const { segment, from: at } = lies
    let waits: Promise<void> | undefined
    if (frame.type === recordTypes.batch) {
      waits = this.#batch(frame, buffer)
      this.lastBatch = { segment, from: at }
    }
    // The batch began before the place from which this segment is read.
    if (segment !== this.lastBatch.segment) this.lastBatch = { segment, from: at }
    const removed = this.#behindRemoved && frame.lsn <= this.#from.lsn + 1
    if (this.lastLsn > 0 && frame.lsn > this.lastLsn + 1 && !removed) {
      const place = this.#skippedIn === 0 ? segment : this.#skippedIn
      this.#gaps.push({ after: this.lastLsn, before: frame.lsn, segment: place })
      if (frame.type !== recordTypes.batch) this.#withheld.hole()
    }
    this.#behindRemoved = false
    this.#skippedIn = 0
    if (frame.lsn <= this.lastLsn) return waits
    this.lastLsn = frame.lsn
    this.lastRecordIn = segment
    if (frame.lsn > this.#from.lsn) {
      if (this.#withheld.takes(frame, buffer, lies)) return
      return this.#replay.apply(frame, buffer, lies) ?? waits
    }
    const payload = buffer.subarray(frame.payloadFrom, frame.end)
    if (frame.type === recordTypes.final) {
      const { outcome } = readFinal(new ByteReader(payload))
      this.#final(outcome.id, lies, frame.lsn, payload)
    }
    if (frame.type === recordTypes.drop) this.#toLedger(frame.lsn, dropKind, payload)
    if (frame.type === recordTypes.attempt) {
      readAttempt(new ByteReader(payload))
      this.#toLedger(frame.lsn, attemptKind, payload)
    }
  }

  #batch(frame: Frame, buffer: Buffer): Promise<void> | undefined {
    const { durableLsn, opens } = readBatch(frame, buffer)
    const late = this.#withheld.nextBatch(opens ? this.#claimedLsn : durableLsn)
    // What a crash had cut off before this opening was never confirmed, whatever is claimed from here on.
    if (opens) this.#gaps = this.#gaps.filter(({ after }) => after < this.#claimedLsn)
    this.#claimedLsn = Math.max(this.#claimedLsn, durableLsn)
    if (late.length > 0) return this.#applyLate(late)
  }

  async #applyLate(late: readonly WithheldRecord[]): Promise<void> {
    for (const { frame, buffer, lies } of late) await this.#replay.apply(frame, buffer, lies)
  }

  skipped({ segment }: Skipped): void {
    // Told as missing LSNs, which say what was lost; a torn tail says nothing.
    this.#skippedIn = segment
  }

  /**
   * A whole record that says nothing that could be done, for it is about what was lost with a damaged
   * one, such as a binding of an exchange that nobody knows.
   */
  #leftOut(lsn: number, segment: number, error: unknown): void {
    if (!unreadable.some((kind) => error instanceof kind)) throw error
    this.#damaged = true
    this.#state.segments.use(segment).damaged = true
    this.#parts.onProblem(
      `record ${lsn} of the journal (segment ${segment}) is left out, the file is kept as it is: ${error}`,
    )
  }

  /** Tells what is damaged; true when anything is. */
  finish(): boolean {
    this.#feedNow()
    for (const { after, before, segment } of this.#gaps) {
      if (after + 1 > Math.max(this.#claimedLsn, this.#from.lsn)) continue
      this.#damaged = true
      this.#state.segments.use(segment).damaged = true
      this.#parts.onProblem(
        `records ${after + 1} to ${before - 1} of the journal (segment ${segment}) are damaged or missing; all others were recovered, the file is kept as it is`,
      )
    }
    return this.#damaged
  }

  #final(id: string, lies: Lies, lsn: number, payload: Buffer): void {
    this.#state.ledgerLsn = Math.max(this.#state.ledgerLsn, lsn)
    if (lsn <= this.#parts.ledger.openedAtLsn) return
    this.fed.push({ ...lies, hash: this.#state.hash(id), lsn })
    this.#toLedger(lsn, outcomeKind, payload)
  }

  #toLedger(lsn: number, kind: LedgerEventKind, payload: Buffer): void {
    this.#state.ledgerLsn = Math.max(this.#state.ledgerLsn, lsn)
    if (lsn <= this.#parts.ledger.openedAtLsn) return
    writeLedgerEvent(this.#feed, lsn, kind, payload)
    this.fedLsn = lsn
    if (this.#feed.length >= feedBytes) this.#feedNow()
  }

  #feedNow(): void {
    if (this.#feed.length === 0) return
    this.#parts.ledger.feed({ events: this.#feed.taken(), lastLsn: this.fedLsn })
    this.#feed = new ByteWriter(64 * 1024)
  }
}
