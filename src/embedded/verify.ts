/*
 * Looks at everything in a data directory and changes nothing: every record of the journal, every
 * checkpoint and index page, the ledger, and whether they agree.
 *
 *   ledger ── how far it has come ──┐
 *   checkpoints, pages ── how far ──┼──▶ journal: what is missing below was confirmed: damage
 *   journal ── every outcome ───────┴──▶ is it in the ledger?
 *   recovered state ── every message without an outcome ──▶ can its record be read?
 *
 * Rule: no lock is taken. Pictures are taken in the order ledger, checkpoints, journal, so that each
 * knows of nothing that the next does not have. While another process works in the directory, what
 * looks like damage may be a file that it took away meanwhile: then everything is read once more.
 */

import fs from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { HomingError } from '../errors.ts'
import { directoryOwner } from './directory-lock.ts'
import { scanSegment } from './journal/scan.ts'
import { segmentHeaderBytes, segmentName, segmentNumber } from './journal/segment.ts'
import { PendingEntries } from './pending-entries.ts'
import { type SnapshotDisk, snapshotDisk } from './snapshot-disk.ts'
import { type CheckpointsRead, checkCheckpoints } from './verify-checkpoints.ts'
import { JournalCheck } from './verify-journal.ts'
import { type LedgerPicture, ledgerName, openLedgerPicture } from './verify-ledger.ts'
import type { Finding, VerifyReport } from './verify-report.ts'

export interface VerifyOptions {
  /** Told of bytes of journal read, of how many. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void
  /** Ends it with `aborted`. */
  readonly signal?: AbortSignal
}

const readingsMax = 4
const sqliteBusy = 5
/** Magic, version, number, checksum. */
const segmentHeaderUsedBytes = 20
/** So many findings are told one by one; a disk that is full of holes is known by then. */
const findingsMax = 1_000

/**
 * Verifies a data directory. Reads all of it; needs no lock and changes nothing. Damage is not an
 * error: it is in the report. Fails with `bad-argument` when the directory is not there or is none of
 * ours, `not-permitted`, `format-unknown`, `aborted`.
 *
 * @example
 * const report = await verify('./data')
 * if (!report.ok) console.log(report.findings)
 */
export async function verify(
  directory: string,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  const full = resolve(directory)
  for (let reading = 1; ; reading++) {
    const inUseBy = holderOf(full)
    const names = fileNames(full)
    const report = await readOnce(full, inUseBy, options)
    const moved = inUseBy !== undefined && fileNames(full) !== names
    if (report.ok || !moved || reading === readingsMax) return report
  }
}

async function readOnce(
  directory: string,
  inUseBy: string | undefined,
  options: VerifyOptions,
): Promise<VerifyReport> {
  const findings: Finding[] = []
  using ledger = openLedger(directory, inUseBy !== undefined, findings)
  const disk = snapshotDisk(directory)
  const checkpoints = await checkCheckpoints(disk)
  findings.push(...checkpoints.findings, ...asides(disk))
  const journal = await checkJournal(disk, ledger, findings, options)
  findings.push(...journal.check.judge(evidence(checkpoints, ledger)))
  findings.push(...startFindings(checkpoints, journal, ledger))
  const pending = await checkPending(disk, ledger, findings, options.signal)
  if (ledger) findings.push(...ledger.check())
  const { firstLsn, lastLsn, records } = journal.check
  return {
    directory,
    ok: findings.every(({ severity }) => severity !== 'damage'),
    inUseBy,
    segments: journal.segments.length,
    bytes: journal.bytes,
    records,
    firstLsn,
    lastLsn,
    checkpoints: checkpoints.whole.length,
    pages: checkpoints.pages,
    pending,
    outcomes: ledger?.outcomes ?? 0,
    deadLetters: ledger?.deadLetters ?? 0,
    findings: shortened(findings),
  }
}

const evidence = ({ whole }: CheckpointsRead, ledger: LedgerPicture | undefined) => ({
  checkpoints: whole.map(({ name, head }) => ({ name, lsn: head.lsn, segment: head.segment })),
  appliedLsn: ledger?.appliedLsn ?? 0,
})

interface JournalRead {
  readonly check: JournalCheck
  readonly segments: readonly number[]
  readonly bytes: number
}

async function checkJournal(
  disk: SnapshotDisk,
  ledger: LedgerPicture | undefined,
  findings: Finding[],
  { onProgress, signal }: VerifyOptions,
): Promise<JournalRead> {
  const segments = [...disk.sizes.keys()]
    .map(segmentNumber)
    .filter((segment) => segment !== undefined)
    .sort((a, b) => a - b)
  const sizeOf = (segment: number): number => disk.sizes.get(segmentName(segment)) ?? 0
  const bytes = segments.reduce((sum, segment) => sum + sizeOf(segment), 0)
  const check = new JournalCheck((outcome, lsn) => {
    if (!ledger || lsn > ledger.appliedLsn) return
    const fault = ledger.faultOf(outcome)
    if (fault === undefined) return
    const text = `the outcome of message "${outcome.id}", record ${lsn} of the journal, ${fault}`
    findings.push({ severity: 'damage', file: ledgerName, text })
  })
  let doneBytes = 0
  for (const segment of segments) {
    findings.push(...(await headerFindings(disk, segment)))
    await scanSegment(disk, segment, 0, {
      record(frame, buffer, of, at) {
        refuseAborted(signal)
        onProgress?.(doneBytes + at, bytes)
        return check.record(frame, buffer, of, at)
      },
      skipped: (what) => check.skipped(what),
    })
    doneBytes += sizeOf(segment)
  }
  onProgress?.(bytes, bytes)
  return { check, segments, bytes }
}

/** The unused end of a segment's header is zeros, which its checksum does not cover. */
async function headerFindings(disk: SnapshotDisk, segment: number): Promise<readonly Finding[]> {
  const file = await disk.open(segmentName(segment))
  try {
    const header = Buffer.alloc(segmentHeaderBytes)
    await file.read(header, 0)
    if (header.subarray(segmentHeaderUsedBytes).every((byte) => byte === 0)) return []
    const text = 'the unused end of the header is altered; no record is'
    return [{ severity: 'damage', file: segmentName(segment), from: 0, text }]
  } finally {
    await file.close()
  }
}

/** What a start needs and does not find. */
function startFindings(
  { whole }: CheckpointsRead,
  { segments, check }: JournalRead,
  ledger: LedgerPicture | undefined,
): readonly Finding[] {
  const findings: Finding[] = []
  const [first] = segments
  const older = first !== undefined && first > 1
  if (older && whole.length === 0) {
    const text =
      'no checkpoint is whole and older segments are gone: messages acknowledged without an outcome may be delivered again'
    findings.push({ severity: 'damage', file: segmentName(first), text })
  }
  if (older && !ledger && check.records > 0) {
    const text = 'missing, and outcomes of segments that are gone with it'
    findings.push({ severity: 'damage', file: ledgerName, text })
  }
  return findings
}

async function checkPending(
  disk: SnapshotDisk,
  ledger: LedgerPicture | undefined,
  findings: Finding[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const appliedLsn = ledger?.appliedLsn ?? 0
  // What recovery would tell is found above, place by place.
  const pending = await PendingEntries.read({ disk, appliedLsn, onProblem: () => undefined })
  let count = 0
  try {
    for await (const { queue, entry, fault } of pending.entries()) {
      refuseAborted(signal)
      count++
      if (fault === undefined) continue
      const { segment, from, bytes, position } = entry
      const text = `message ${position} of queue "${queue}", which has no outcome yet, ${fault}`
      findings.push({ severity: 'damage', file: segmentName(segment), from, bytes, text })
    }
  } catch (error) {
    // A page of the index that cannot be read is told with its slot.
    if (!(error instanceof HomingError && error.code === 'journal-damaged')) throw error
  } finally {
    await pending.close()
  }
  return count
}

function openLedger(
  directory: string,
  inUse: boolean,
  findings: Finding[],
): LedgerPicture | undefined {
  try {
    return openLedgerPicture(directory, inUse)
  } catch (error) {
    if (error instanceof HomingError) throw error
    const text = `cannot be read: ${(error as Error).message}`
    findings.push({ severity: 'damage', file: ledgerName, text })
    return undefined
  }
}

/** What was moved aside stays until somebody takes it away. */
function asides(disk: SnapshotDisk): readonly Finding[] {
  return [...disk.sizes.keys()]
    .filter((name) => /^ledger\.damaged-\d+\.sqlite$/.test(name))
    .map((file) => ({ severity: 'note', file, text: 'a damaged ledger that was moved aside' }))
}

function shortened(findings: readonly Finding[]): readonly Finding[] {
  const sorted = findings.toSorted((a, b) => a.severity.localeCompare(b.severity))
  if (sorted.length <= findingsMax) return sorted
  const text = `${sorted.length - findingsMax} further findings are not listed`
  return [...sorted.slice(0, findingsMax), { severity: 'note', file: '', text }]
}

/** The process that holds the directory's lock; undefined when nobody does. */
function holderOf(directory: string): string | undefined {
  const path = join(directory, 'lock')
  if (!fs.existsSync(path)) return undefined
  const lock = new DatabaseSync(path, { readOnly: true, timeout: 0 })
  try {
    lock.prepare('SELECT 1 FROM sqlite_schema').get()
    return undefined
  } catch (error) {
    const isHeld = (error as { errcode?: number }).errcode === sqliteBusy
    return isHeld ? (directoryOwner(directory).pid ?? 'unknown') : undefined
  } finally {
    lock.close()
  }
}

/** Names of its files, for comparison. Fails when it is no data directory. */
function fileNames(directory: string): string {
  const names = listed(directory)
  if (!names.some((name) => segmentNumber(name) !== undefined || name === ledgerName)) {
    throw new HomingError(
      'bad-argument',
      `${directory} holds no journal and no ledger; give the data directory of a Homing engine`,
    )
  }
  return names.join('/')
}

function listed(directory: string): readonly string[] {
  try {
    return fs.readdirSync(directory).sort()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM') {
      throw new HomingError('not-permitted', `${directory} cannot be read (${code})`, {
        cause: error,
      })
    }
    throw new HomingError(
      'bad-argument',
      `${directory} is not there or is no directory; give the data directory of a Homing engine`,
      { cause: error },
    )
  }
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new HomingError('aborted', 'verifying was aborted', { cause: signal.reason })
  }
}
