/*
 * A backup that is asked for here and taken by the owner of the data directory, who alone can hold the
 * files still.
 *
 *   here: makes the directory, empty ─▶ owner: sees it? ─▶ copies, gives the copy its name
 *                                         └─ no, or the copy fails ─▶ here: removes the empty directory
 *
 * Rule: both have the same user, but not always the same files in view: an owner in a container, or with
 * private temporary files, would put the copy where nobody looks for it. An empty directory that stays
 * behind after a crash is taken by the next backup of that name.
 */

import fs from 'node:fs'
import { resolve } from 'node:path'
import { backupError, checkEmpty } from '../embedded/backup.ts'
import type { BackupReport } from '../engine.ts'

/** `take` gets the full path. Fails with what the owner says, and with `bad-argument`, `not-permitted`, `disk-full`. */
export async function backupByOwner(
  to: string,
  take: (directory: string) => Promise<BackupReport>,
): Promise<BackupReport> {
  const directory = resolve(to)
  makeEmpty(directory)
  try {
    return await take(directory)
  } catch (error) {
    removeEmpty(directory)
    throw error
  }
}

function makeEmpty(directory: string): void {
  try {
    if (fs.existsSync(directory)) checkEmpty(directory)
    else fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw backupError(error, directory)
  }
}

/** What has something in it stays: the copy, when only its answer was lost. */
function removeEmpty(directory: string): void {
  try {
    fs.rmdirSync(directory)
  } catch {
    // The owner has taken it away already, or it is the copy.
  }
}
