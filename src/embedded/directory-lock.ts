/*
 * One process at a time works in a data directory.
 *
 * The lock is the operating system's, taken through SQLite on the empty file `lock`: it is gone with
 * the process that holds it, however that ends, and no time-out or process id has to be believed.
 * The file `owner` names the process, for the error that the next one gets.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HomingError } from '../errors.ts'

export interface DirectoryLock {
  release(): void
}

const askedMsMax = 100

/** Fails with `locked`, naming the process that holds the directory. */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const { DatabaseSync } = await import('node:sqlite')
  const path = join(directory, 'lock')
  writeFileSync(path, '', { flag: 'a', mode: 0o600 })
  // Whoever only asks who holds it, as `verify` does, holds it for less than that.
  const lock = new DatabaseSync(path, { timeout: askedMsMax })
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    if (!/locked|busy/i.test(String(cause))) throw cause
    throw new HomingError(
      'locked',
      `${directory} is in use by ${owner(directory)}; close it there first, or give this process a directory of its own`,
      { cause },
    )
  }
  try {
    writeFileSync(join(directory, 'owner'), `${process.pid}\n`, { mode: 0o600 })
  } catch (error) {
    lock.close()
    throw error
  }
  return { release: () => lock.close() }
}

function owner(directory: string): string {
  try {
    const pid = readFileSync(join(directory, 'owner'), 'utf8').trim()
    if (pid !== '') return `process ${pid}`
  } catch {}
  return 'another process'
}
