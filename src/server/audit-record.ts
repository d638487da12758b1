/*
 * One line of the audit log:
 *
 *   HASH JSON\n        HASH: SHA-256 of the JSON, in hex
 *   JSON: { "sequence", "at", "user", "from", "action", "on", "result", "code"?, "times"?, "previous" }
 *
 * `previous` is the hash of the line before, also across files; the first line there ever was has zeros.
 * So a line that was changed, taken out or put in shows, unless everything behind it was written anew.
 */

import { createHash } from 'node:crypto'

export type AuditResult = 'done' | 'refused' | 'failed'

/** What is told to the log. Nothing of it is a secret. */
export interface AuditGiven {
  /** '' for nobody. */
  readonly user: string
  /** Address of the client; `command` for the command line. */
  readonly from: string
  readonly action: string
  /** What it was done to. */
  readonly on: string
  readonly result: AuditResult
  /** Code of the error. */
  readonly code?: string | undefined
}

export interface AuditRecord extends AuditGiven {
  readonly sequence: number
  /** Wall ms. */
  readonly at: number
  /** So many refusals were not told one by one. */
  readonly times?: number | undefined
}

export interface AuditLine {
  readonly record: AuditRecord
  readonly hash: string
  readonly previous: string
}

export const firstPrevious = '0'.repeat(64)

const textMax = 512
const short = (text: string): string =>
  text.length > textMax ? `${text.slice(0, textMax)}…` : text

/** The line without its end, and its hash. */
export function auditLine(record: AuditRecord, previous: string): { text: string; hash: string } {
  const { sequence, at, user, from, action, on, result, code, times } = record
  const json = JSON.stringify({
    ...{ sequence, at, user: short(user), from: short(from), action: short(action), on: short(on) },
    ...{ result, code, times, previous },
  })
  const hash = hashOf(json)
  return { text: `${hash} ${json}`, hash }
}

/** Undefined for what is no whole line. */
export function parseAuditLine(line: string): AuditLine | undefined {
  const [hash, json] = [line.slice(0, 64), line.slice(65)]
  if (line[64] !== ' ' || hashOf(json) !== hash) return undefined
  try {
    const { previous, ...record } = JSON.parse(json) as AuditRecord & { readonly previous: string }
    return { record, hash, previous }
  } catch {
    return undefined
  }
}

const hashOf = (json: string): string => createHash('sha256').update(json).digest('hex')
