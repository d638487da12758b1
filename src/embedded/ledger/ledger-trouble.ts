/*
 * What a failing SQLite call means for the ledger.
 *
 *   stall     nothing is lost, trying again later can help: locked, disk full, not permitted
 *   damaged   the file is no database or its pages contradict each other: it is moved aside at the
 *             next opening, never deleted
 *   fatal     everything else, a failed sync above all: nothing is tried again, since the kernel may
 *             have dropped what a second sync would report as safe
 */

import { basename, dirname } from 'node:path'
import { type ErrorCode, HomingError } from '../../errors.ts'

export interface LedgerTrouble {
  readonly severity: 'stall' | 'damaged' | 'fatal'
  readonly code: ErrorCode
  readonly text: string
}

const sqlite = {
  error: 1,
  perm: 3,
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioErr: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  protocol: 15,
  notADatabase: 26,
} as const
const ioErrShmSize = 4874
const readOnlyMoved = 1032

interface SqliteError extends Error {
  readonly errcode: number
}

const isSqliteError = (error: unknown): error is SqliteError =>
  error instanceof Error && typeof (error as { errcode?: unknown }).errcode === 'number'

export function ledgerTrouble(error: unknown, path: string): LedgerTrouble {
  if (!isSqliteError(error)) return fatal('ledger-unavailable', `${path} failed: ${String(error)}`)
  const what = `${error.message}, SQLite code ${error.errcode}`
  if (error.errcode === ioErrShmSize) return diskFull(path, what)
  if (error.errcode === readOnlyMoved)
    return fatal(
      'ledger-unavailable',
      `${path} was moved or deleted while it was open (${what}); restart, and it is filled from what the journal still has`,
    )
  switch (error.errcode & 0xff) {
    case sqlite.busy:
    case sqlite.locked:
    case sqlite.protocol:
      return {
        severity: 'stall',
        code: 'ledger-unavailable',
        text: `${path} is locked by another program (${what}); close what has it open for writing. Nothing is lost meanwhile`,
      }
    case sqlite.full:
      return diskFull(path, what)
    case sqlite.perm:
    case sqlite.readOnly:
    case sqlite.cantOpen:
      return notPermitted(path, what)
    case sqlite.corrupt:
    case sqlite.notADatabase:
      return {
        severity: 'damaged',
        code: 'ledger-unavailable',
        text: `${path} is damaged (${what})`,
      }
    case sqlite.ioErr:
      return fatal(
        'disk-failed',
        `reading, writing or syncing ${path} failed (${what}); check the disk, then restart`,
      )
    default:
      return fatal('ledger-unavailable', `${path} failed: ${what}`)
  }
}

/** Whether another program holds the file; it may let go of it soon. */
export const isLocked = (error: unknown): boolean =>
  isSqliteError(error) &&
  [sqlite.busy, sqlite.locked].some((code) => code === (error.errcode & 0xff))

/** Whether the file has our mark but not our tables: something cut or changed it. */
export const lacksTables = (error: unknown): boolean =>
  isSqliteError(error) && (error.errcode & 0xff) === sqlite.error

export function notPermitted(path: string, what: string): LedgerTrouble {
  return {
    severity: 'stall',
    code: 'not-permitted',
    text: `${path} cannot be read and written by ${whoami()} (${what}); make ${basename(path)} and its directory ${dirname(path)} writable for this user`,
  }
}

export const troubleError = (trouble: LedgerTrouble, cause?: unknown): HomingError =>
  new HomingError(trouble.code, trouble.text, { cause })

const fatal = (code: ErrorCode, text: string): LedgerTrouble => ({ severity: 'fatal', code, text })

const diskFull = (path: string, what: string): LedgerTrouble => ({
  severity: 'stall',
  code: 'disk-full',
  text: `the disk of ${path} is full (${what}); make room. Outcomes wait in the journal and are stored when there is room again`,
})

const whoami = (): string =>
  process.getuid === undefined ? 'this user' : `user id ${process.getuid()}`
