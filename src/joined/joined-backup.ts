/*
 * A backup that is asked for here and taken by the owner of the data directory, who alone can hold the
 * files still.
 *
 *   here: makes the directory, empty ─▶ owner: sees it? ─▶ copies, gives the copy its name
 *                                         └─ no, or the copy fails ─▶ here: removes what was made
 *
 * Rule: both have the same user, but not always the same files in view: an owner in a container, or with
 * private temporary files, would put the copy where nobody looks for it. Root makes the directory for the
 * owner's user. An empty directory that stays behind after a crash is taken by the next backup of that name.
 */

import fs from 'node:fs'
import { dirname, resolve } from 'node:path'
import { backupError, checkEmpty } from '../embedded/backup.ts'
import type { BackupReport } from '../engine.ts'

export interface BackupAsked {
  /** The data directory. */
  readonly of: string
  readonly to: string
}

/** `take` gets the full path. Fails with what the owner says, and with `bad-argument`, `not-permitted`, `disk-full`. */
export async function backupByOwner(
  { of, to }: BackupAsked,
  take: (directory: string) => Promise<BackupReport>,
): Promise<BackupReport> {
  const directory = resolve(to)
  const made = makeEmpty(directory)
  try {
    giveToOwner(made, of)
    return await take(directory)
  } catch (error) {
    removeEmpty(made)
    throw backupError(error, directory)
  }
}

/** The directories that were not there, innermost first. */
function makeEmpty(directory: string): readonly string[] {
  try {
    if (fs.existsSync(directory)) {
      checkEmpty(directory)
      return []
    }
    const outermost = fs.mkdirSync(directory, { recursive: true, mode: 0o700 }) ?? directory
    const made = [directory]
    for (let path = directory; path !== outermost; made.push(path)) path = dirname(path)
    return made
  } catch (error) {
    throw backupError(error, directory)
  }
}

/** Whoever is not root has the owner's user already. */
function giveToOwner(made: readonly string[], directory: string): void {
  if (process.geteuid?.() !== 0) return
  const { uid, gid } = fs.statSync(directory)
  for (const path of made) fs.chownSync(path, uid, gid)
}

/** What has something in it stays: the copy, when only its answer was lost. */
function removeEmpty(made: readonly string[]): void {
  try {
    for (const path of made) fs.rmdirSync(path)
  } catch (error) {
    // The owner has taken it away already: what was made around it can still go.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') removeEmpty(made.slice(1))
  }
}
