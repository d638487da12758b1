/*
 * One process at a time works in a data directory.
 *
 *   DIR/lock      empty; the operating system's lock on it is the lock
 *   DIR/owner     "PID\nHOW\n": who has it, and whether others can join it there (src/joined)
 *
 * The lock is taken through SQLite: it is gone with the process that holds it, however that ends, and
 * no time-out or process id has to be believed. The file `owner` is for errors and for those who wait.
 *
 * Rule: whoever closes a file loses this process's locks on it (POSIX), so that a lock that is there is
 * opened by SQLite alone, which knows of that.
 */

import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HomingError } from '../errors.ts'

export interface LockSettings {
  /** Other processes can join this one, as soon as it has opened the directory. Default false. */
  readonly joinable?: boolean
  /** How long whoever holds it now is waited for, with nothing else done meanwhile. */
  readonly waitMs?: number
}

export interface DirectoryLock {
  /** Others cannot join after all; they are told why. */
  refuseJoiners(why: string): void
  release(): void
}

/** Who holds the directory, as far as its file says. */
export interface DirectoryOwner {
  readonly pid: string | undefined
  /** `joinable`, why it is not, or undefined when it does not say. */
  readonly joining: string | undefined
}

/** Whoever only asks who holds it, as `verify` does, holds it for less than that. */
const askedMsMax = 100

const joinable = 'joinable'
const alone = 'it works alone in it'

/** Fails with `locked`, naming the process that holds the directory. */
export async function lockDirectory(
  directory: string,
  settings: LockSettings = {},
): Promise<DirectoryLock> {
  const { DatabaseSync } = await import('node:sqlite')
  const lock = new DatabaseSync(lockFile(directory), { timeout: settings.waitMs ?? askedMsMax })
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    if (!/locked|busy/i.test(String(cause))) throw cause
    throw lockedError(directory, cause)
  }
  const say = (how: string): void =>
    writeFileSync(join(directory, 'owner'), `${process.pid}\n${how}\n`, { mode: 0o600 })
  try {
    say(settings.joinable ? joinable : alone)
  } catch (error) {
    lock.close()
    throw error
  }
  return { refuseJoiners: say, release: () => lock.close() }
}

export function lockedError(directory: string, cause?: unknown, more = ''): HomingError {
  const { pid } = directoryOwner(directory)
  const owner = pid === undefined ? 'another process' : `process ${pid}`
  return new HomingError(
    'locked',
    `${directory} is in use by ${owner}${more}; close it there first, or give this process a directory of its own`,
    { cause, data: { pid } },
  )
}

/** What the file `owner` says, which may be of the owner before when a new one has just begun. */
export function directoryOwner(directory: string): DirectoryOwner {
  let text: string
  try {
    text = readFileSync(join(directory, 'owner'), 'utf8')
  } catch {
    text = ''
  }
  const [pid = '', joining = ''] = text.split('\n')
  return { pid: pid || undefined, joining: joining || undefined }
}

export const isJoinable = ({ joining }: DirectoryOwner): boolean => joining === joinable

/** The file, made when it is not there. */
function lockFile(directory: string): string {
  const path = join(directory, 'lock')
  if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK)
  else writeFileSync(path, '', { flag: 'a', mode: 0o600 })
  return path
}
