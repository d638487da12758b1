/*
 * Every record of the journal, read and judged.
 *
 *   whole records ── LSNs rise by one ──▶ well
 *   a gap ─┬─ a later batch of the same run claims it was durable ──▶ damage
 *          ├─ at the opening of a run, which goes on where recovery had read to ──▶ damage
 *          ├─ whole segments gone that checkpoint and ledger have no more use for ──▶ well
 *          └─ else ──▶ cut off by a crash before any confirm: a note
 *
 * A run is what one opening wrote; its first batch is marked. It claims all that recovery had read,
 * holes of a crash included, so claims of a later run say nothing about an earlier one.
 */

import type { Buffer } from 'node:buffer'
import { ByteReader } from '../bytes.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import { readAccept } from './journal/accept-record.ts'
import { readAttempt } from './journal/attempt-record.ts'
import { readPositions, readRequeue } from './journal/entry-records.ts'
import { readFinal } from './journal/final-record.ts'
import { readMove } from './journal/move-record.ts'
import { type Frame, readBatch, recordTypes } from './journal/record.ts'
import type { ScanHandler, Skipped } from './journal/scan.ts'
import { segmentHeaderBytes, segmentName } from './journal/segment.ts'
import type { Finding } from './verify-report.ts'

/** What other files say about how far the journal was durable. */
export interface Evidence {
  readonly checkpoints: readonly { readonly name: string; readonly lsn: number; segment: number }[]
  /** 0 when there is no ledger. */
  readonly appliedLsn: number
}

interface Gap {
  /** LSNs on both sides. */
  readonly after: number
  readonly before: number
  /** The segment of the last record in front of it, 0 for none, and of the first behind it. */
  readonly from: number
  readonly to: number
  readonly run: number
  readonly opens: boolean
  readonly skipped: readonly Skipped[]
}

export class JournalCheck implements ScanHandler {
  records = 0
  firstLsn = 0
  lastLsn = 0
  readonly #findings: Finding[] = []
  readonly #outcome: (outcome: StoredOutcome, lsn: number) => void
  readonly #gaps: Gap[] = []
  /** Highest LSN that a batch of the run claims to be durable. */
  readonly #claims: number[] = [0]
  readonly #runs = new Map<number, number>()
  #skipped: Skipped[] = []
  #lastSegment = 0
  #run = 0

  /** `outcome` is told of each final record. */
  constructor(outcome: (outcome: StoredOutcome, lsn: number) => void) {
    this.#outcome = outcome
  }

  record(frame: Frame, buffer: Buffer, segment: number, at: number): undefined {
    const batch = frame.type === recordTypes.batch ? readBatch(frame, buffer) : notABatch
    if (batch.opens) this.#claims[++this.#run] = 0
    this.#runs.set(segment, this.#run)
    this.#order(frame, segment, at, batch.opens)
    this.#claims[this.#run] = Math.max(this.#claims[this.#run] ?? 0, batch.durableLsn)
    this.records++
    this.#lastSegment = segment
    this.#read(frame, buffer, segment, at)
  }

  skipped(what: Skipped): void {
    if (what.from > 0) this.#skipped.push(what)
    else if (what.bytes < segmentHeaderBytes) this.#note(what, 'was being made when a crash came')
    else this.#damage(what, 'the header of the segment is altered')
  }

  /** Findings, now that all is read. */
  judge(evidence: Evidence): readonly Finding[] {
    for (const gap of this.#gaps) this.#judgeGap(gap, evidence)
    this.#judgeEnd(evidence)
    for (const torn of this.#skipped) this.#torn(torn)
    return this.#findings
  }

  #order(frame: Frame, segment: number, at: number, opens: boolean): void {
    const { lsn } = frame
    if (this.firstLsn === 0) this.firstLsn = lsn
    const after = this.lastLsn
    if (lsn <= after) {
      const text = `record ${lsn} comes after record ${after}, and is ignored for that`
      this.#damage({ segment, from: at, bytes: frame.end - frame.payloadFrom }, text)
      return
    }
    if (lsn > after + 1) {
      const gap = { after, before: lsn, from: this.#lastSegment, to: segment, opens }
      this.#gaps.push({ ...gap, run: this.#run, skipped: this.#skipped })
    } else {
      for (const torn of this.#skipped) this.#torn(torn)
    }
    this.#skipped = []
    this.lastLsn = lsn
  }

  #read(frame: Frame, buffer: Buffer, segment: number, at: number): void {
    let outcome: StoredOutcome | undefined
    try {
      outcome = readPayload(frame, buffer)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const text = `record ${frame.lsn} has the right checksum but cannot be read: ${why}`
      this.#damage({ segment, from: at, bytes: frame.end - frame.payloadFrom }, text)
    }
    if (outcome !== undefined) this.#outcome(outcome, frame.lsn)
  }

  #judgeGap(gap: Gap, { checkpoints, appliedLsn }: Evidence): void {
    const { after, before, from, to, run, opens } = gap
    const gone = to - from > 1
    const needless = Math.min(Math.max(0, ...checkpoints.map(({ lsn }) => lsn)), appliedLsn)
    if (gone && before - 1 <= needless) return
    const claims = checkpoints.filter(({ segment }) => this.#runs.get(segment) === run)
    const claimed = Math.max(
      this.#claims[run] ?? 0,
      ...claims.map(({ lsn }) => lsn),
      run === this.#run ? appliedLsn : 0,
    )
    if (gone || opens || after + 1 <= claimed) this.#lost(gap)
    else for (const torn of gap.skipped) this.#torn(torn)
  }

  #lost({ after, before, from, to, skipped }: Gap): void {
    const count = before - after - 1
    const which = count === 1 ? `record ${after + 1}` : `records ${after + 1} to ${before - 1}`
    const [place] = skipped
    if (place) this.#damage(place, `${which} altered or missing; the others were read`)
    else if (to - from > 1) {
      const names = to - from === 2 ? segmentName(from + 1) : `${to - from - 1} segments from there`
      this.#damage({ segment: from + 1 }, `${names} missing, with ${which}, which are still needed`)
    } else this.#damage({ segment: to }, `${which} missing`)
  }

  #judgeEnd({ checkpoints, appliedLsn }: Evidence): void {
    const ends = [...checkpoints, { name: 'the ledger', lsn: appliedLsn }]
    const [furthest] = ends.sort((a, b) => b.lsn - a.lsn)
    if (furthest === undefined || furthest.lsn <= this.lastLsn) return
    // Segments that nobody needs are deleted. When that was all there were, those since then are empty.
    const needless = Math.min(Math.max(0, ...checkpoints.map(({ lsn }) => lsn)), appliedLsn)
    const isEmpty = this.records === 0 && this.#skipped.length === 0
    if (isEmpty && furthest.lsn <= needless) return
    const [place] = this.#skipped
    this.#skipped = []
    const text = `the journal ends at record ${this.lastLsn}, but ${furthest.name} knows of record ${furthest.lsn}`
    this.#damage(place ?? { segment: Math.max(1, this.#lastSegment) }, text)
  }

  #torn(what: Skipped): void {
    this.#note(what, 'no whole record: cut off by a crash before any confirm')
  }

  #note({ segment, from, bytes }: Skipped, text: string): void {
    this.#findings.push({ severity: 'note', file: segmentName(segment), from, bytes, text })
  }

  #damage(place: { segment: number; from?: number; bytes?: number }, text: string): void {
    const { segment, ...where } = place
    this.#findings.push({ severity: 'damage', file: segmentName(segment), ...where, text })
  }
}

const notABatch = { durableLsn: 0, opens: false }

/** Reads the whole payload; the outcome when the record holds one. */
function readPayload(frame: Frame, buffer: Buffer): StoredOutcome | undefined {
  const reader = new ByteReader(buffer, frame.payloadFrom, frame.end)
  switch (frame.type) {
    case recordTypes.batch:
      reader.f64()
      return undefined
    case recordTypes.accept:
      readAccept(reader)
      return undefined
    case recordTypes.final:
      return readFinal(reader).outcome
    case recordTypes.delivered:
    case recordTypes.remove:
      readPositions(reader)
      return undefined
    case recordTypes.requeue:
      readRequeue(reader)
      return undefined
    case recordTypes.move:
      readMove(reader)
      return undefined
    case recordTypes.attempt:
      readAttempt(reader)
      return undefined
    case recordTypes.topology:
    case recordTypes.gather:
    case recordTypes.drop:
      JSON.parse(buffer.toString('utf8', frame.payloadFrom, frame.end))
      return undefined
    default:
      return frame.type satisfies never
  }
}
