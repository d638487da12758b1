/*
 * Checking the chain of the audit log, from the oldest file that is kept to the newest line.
 */

import fs from 'node:fs'
import { basename } from 'node:path'
import { auditPaths } from './audit-files.ts'
import { type AuditLine, firstPrevious, parseAuditLine } from './audit-record.ts'

export interface AuditFault {
  readonly file: string
  /** 1 for the first. */
  readonly line: number
  readonly text: string
}

export interface AuditReport {
  readonly files: number
  readonly records: number
  /** 0 when there is none. */
  readonly firstSequence: number
  readonly lastSequence: number
  /** Of the newest line: noted elsewhere, it proves later that nothing before it was changed. */
  readonly lastHash: string
  /** Lines that a crash tore off; the chain goes on behind them. */
  readonly torn: number
  readonly faults: readonly AuditFault[]
  readonly ok: boolean
}

interface Checked {
  sequence: number
  previous: string | undefined
  firstSequence: number
  records: number
  torn: number
  /** Lines that are none: torn off when the chain goes on behind them, else changed. */
  broken: AuditFault[]
  readonly faults: AuditFault[]
}

/** Needs no lock. Fails with what reading the files fails with. */
export function checkAuditLog(directory: string): AuditReport {
  const paths = auditPaths(directory).toReversed()
  const checked: Checked = {
    ...{ sequence: 0, previous: undefined, firstSequence: 0, records: 0 },
    ...{ torn: 0, broken: [], faults: [] },
  }
  for (const path of paths) checkFile(path, checked)
  const { broken, records, firstSequence, sequence, previous, torn } = checked
  const faults = [...checked.faults, ...broken]
  return {
    ...{ files: paths.length, records, firstSequence, lastSequence: sequence },
    ...{ lastHash: previous ?? firstPrevious, torn, faults, ok: faults.length === 0 },
  }
}

function checkFile(path: string, checked: Checked): void {
  const lines = fs.readFileSync(path, 'utf8').split('\n')
  // Behind the last line end there is nothing, or what is being written.
  for (const [n, line] of lines.slice(0, -1).entries()) {
    const place = { file: basename(path), line: n + 1 }
    const parsed = parseAuditLine(line)
    if (parsed === undefined) {
      checked.broken.push({ ...place, text: 'is no whole record' })
      continue
    }
    const text = faultOf(parsed, checked)
    if (text === undefined) checked.torn += checked.broken.length
    else checked.faults.push(...checked.broken, { ...place, text })
    checked.broken = []
  }
}

/** Goes on behind it, so that each place is told once. */
function faultOf({ record, hash, previous }: AuditLine, checked: Checked): string | undefined {
  const { sequence: last, previous: expected } = checked
  checked.sequence = record.sequence
  checked.previous = hash
  checked.records++
  if (expected === undefined) {
    checked.firstSequence = record.sequence
    const isBegin = record.sequence !== 1 || previous === firstPrevious
    return isBegin ? undefined : 'is the first record and has one before it'
  }
  if (previous !== expected) {
    return `record ${record.sequence} does not follow record ${last}: something was changed, taken out or put in before it`
  }
  if (record.sequence !== last + 1) {
    return `${record.sequence - last - 1} records before record ${record.sequence} could not be written`
  }
  return undefined
}
