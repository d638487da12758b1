/*
 * Orders about a queue as a whole, and about all that is stored.
 */

import type { AnyContract } from '../contract/contract.ts'
import type { Engine } from '../engine.ts'
import { HomingError } from '../errors.ts'
import { checkName } from '../name.ts'
import { able } from '../unsupported.ts'

/** A copy of a data directory, taken while it was in use. */
export interface BackupTaken {
  /** Its full path. */
  readonly directory: string
  readonly files: number
  readonly bytes: number
  /** Everything up to this log sequence number is in it. */
  readonly lsn: number
  readonly startedAt: Date
  readonly finishedAt: Date
}

export function purgeQueue(engine: Engine, queue: string | AnyContract): Promise<number> {
  return engine.purgeQueue(nameOf(queue))
}

export function pauseQueue(engine: Engine, queue: string | AnyContract): Promise<void> {
  return able(engine, engine.pauseQueue?.(nameOf(queue)), 'pauses of queues')
}

export function resumeQueue(engine: Engine, queue: string | AnyContract): Promise<void> {
  return able(engine, engine.resumeQueue?.(nameOf(queue)), 'pauses of queues')
}

export async function takeBackup(engine: Engine, to: string): Promise<BackupTaken> {
  if (typeof to !== 'string' || to === '') {
    throw new HomingError(
      'bad-argument',
      `the backup is to go to ${to === '' ? 'an empty path' : typeof to}; give the path of a directory that is to be made`,
    )
  }
  const taken = await able(engine, engine.backup?.(to), 'backups')
  const { directory, files, bytes, lsn, startedAtMs, finishedAtMs } = taken
  const [startedAt, finishedAt] = [new Date(startedAtMs), new Date(finishedAtMs)]
  return { directory, files, bytes, lsn, startedAt, finishedAt }
}

function nameOf(queue: string | AnyContract): string {
  const name = typeof queue === 'string' ? queue : queue.name
  checkName(name, 'the queue name')
  return name
}
