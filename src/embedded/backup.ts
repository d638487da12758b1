/*
 * A copy of a data directory while an engine works in it.
 *
 *   durable ─▶ checkpoint ─▶ ledger ─▶ sizes, newest segment first ─▶ files ─▶ sync ─▶ its name
 *                  └────────── the janitor waits: nothing is removed or written over ─┘
 *
 * Rule: the ledger is copied before the journal, so the journal of the copy has all that its ledger has
 * not. The copy gets its name when all of it is on disk: after a crash, or when the disk is full, there is
 * `NAME.partial`, which the next backup of that name removes, and no NAME.
 */

import fs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { BackupOptions, BackupReport } from '../engine.ts'
import { HomingError } from '../errors.ts'
import type { Core } from './core.ts'
import { indexPagesName } from './index-pages.ts'
import type { Janitor } from './janitor.ts'
import type { Disk, DiskFile } from './journal/disk.ts'
import { realDisk } from './journal/real-disk.ts'
import { segmentNumber } from './journal/segment.ts'

export interface BackupParts {
  readonly core: Core
  readonly janitor: Pick<Janitor, 'hold' | 'checkpoint'>
}

const ledgerName = 'ledger.sqlite'
const pieceBytes = 1024 * 1024
/** What a copy needs beside the ledger: the journal, and the server's definitions. */
const copied = /^(?:journal-\d{10}\.log|checkpoint-\d+\.ckpt|definitions\.json)$/

interface Sized {
  readonly name: string
  readonly bytes: number
}

export class Backup {
  readonly #core: Core
  readonly #janitor: Pick<Janitor, 'hold' | 'checkpoint'>
  #running = ''

  constructor({ core, janitor }: BackupParts) {
    this.#core = core
    this.#janitor = janitor
  }

  /** `directory` is a full path. */
  async take(directory: string, options: BackupOptions = {}): Promise<BackupReport> {
    if (this.#running !== '') {
      throw new HomingError(
        'backup-running',
        `a backup to ${this.#running} is being taken; wait until it is done`,
      )
    }
    this.#running = directory
    try {
      return await this.#janitor.hold(() => this.#take(directory, options))
    } catch (error) {
      throw backupError(error, directory)
    } finally {
      this.#running = ''
    }
  }

  async #take(directory: string, { isMade = false }: BackupOptions): Promise<BackupReport> {
    const { journal, nowMs } = this.#core
    const startedAtMs = nowMs()
    checkRoom(directory, isMade)
    await journal.durable()
    const lsn = journal.durableLsn
    await this.#janitor.checkpoint()
    const partial = `${directory}.partial`
    makeRoom(directory, partial)
    const to = realDisk(partial)
    const sizes = await this.#copyAll(to, partial)
    await to.syncDirectory()
    fs.renameSync(partial, directory)
    await realDisk(dirname(directory)).syncDirectory()
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    return { directory, files: sizes.length, bytes, lsn, startedAtMs, finishedAtMs: nowMs() }
  }

  async #copyAll(to: Disk, partial: string): Promise<number[]> {
    const { journal, outcomes } = this.#core
    const sizes: number[] = []
    const ledger = join(partial, ledgerName)
    if (await outcomes.ledger.backup?.(ledger)) {
      await synced(to, ledgerName)
      sizes.push(fs.statSync(ledger).size)
    }
    for (const one of await this.#sized(journal.disk)) {
      sizes.push(await copyFile(journal.disk, to, one))
    }
    return sizes
  }

  /** Newest segment first: what a newer one holds was written after everything in the older ones. */
  async #sized(disk: Disk): Promise<Sized[]> {
    const names = (await disk.list()).filter((name) => copied.test(name) || name === indexPagesName)
    names.sort((a, b) => (segmentNumber(b) ?? 0) - (segmentNumber(a) ?? 0))
    const sized: Sized[] = []
    for (const name of names) {
      const file = await disk.open(name)
      sized.push({ name, bytes: await file.size().finally(() => file.close()) })
    }
    return sized
  }
}

async function copyFile(from: Disk, to: Disk, { name, bytes: sized }: Sized): Promise<number> {
  const source = await from.open(name)
  try {
    // A segment is longer by now; the definitions may be another file of that name.
    const bytes = segmentNumber(name) === undefined ? await source.size() : sized
    const target = await to.create(name)
    try {
      await copyBytes(source, target, bytes)
      await target.sync()
    } finally {
      await target.close()
    }
    return bytes
  } finally {
    await source.close()
  }
}

async function copyBytes(source: DiskFile, target: DiskFile, bytes: number): Promise<void> {
  const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, Math.max(bytes, 1)))
  for (let at = 0; at < bytes; ) {
    const count = await source.read(piece.subarray(0, Math.min(piece.length, bytes - at)), at)
    if (count === 0) return
    await target.write(piece.subarray(0, count), at)
    at += count
  }
}

async function synced(disk: Disk, name: string): Promise<void> {
  const file = await disk.open(name)
  await file.sync().finally(() => file.close())
}

/** Nothing but an empty directory may be there. */
function checkRoom(directory: string, isMade: boolean): void {
  if (fs.existsSync(directory)) checkEmpty(directory)
  else if (isMade) throw unseen(directory)
}

/** Fails with `bad-argument` for what is no empty directory. */
export function checkEmpty(directory: string): void {
  if (fs.statSync(directory).isDirectory() && fs.readdirSync(directory).length === 0) return
  throw new HomingError(
    'bad-argument',
    `${directory} is there already and not empty; give the path of a directory that is to be made`,
  )
}

/** It was made a moment ago, by a process for which other files stand there. */
const unseen = (directory: string): HomingError =>
  new HomingError(
    'bad-argument',
    `process ${process.pid}, which has the data directory open, does not see the directory ${directory} that was made for the backup: it runs with other files in view, as in a container or with private temporary files; give a directory that both of you see`,
  )

/** What an earlier backup left unfinished goes. */
function makeRoom(directory: string, partial: string): void {
  if (fs.existsSync(directory)) {
    checkEmpty(directory)
    fs.rmdirSync(directory)
  }
  if (fs.existsSync(partial)) removePartial(partial)
  fs.mkdirSync(partial, { recursive: true, mode: 0o700 })
}

/** Only what a backup makes is removed: with anything else in it, the directory stays. */
function removePartial(partial: string): void {
  for (const name of fs.readdirSync(partial)) {
    const isOurs = copied.test(name) || name === indexPagesName || name.startsWith(ledgerName)
    if (isOurs) fs.unlinkSync(join(partial, name))
  }
  fs.rmdirSync(partial)
}

/** What the operating system said, in our words. */
export function backupError(error: unknown, directory: string): unknown {
  if (error instanceof HomingError) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  const what = `the backup to ${directory} failed (${message})`
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new HomingError('disk-full', `${what}; free some space there and take it again`, {
      cause: error,
    })
  }
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].includes(code)) {
    const place = basename(dirname(directory))
    return new HomingError(
      'not-permitted',
      `${what}; give a directory in which this user may make files, "${place}" is none`,
      { cause: error },
    )
  }
  return new HomingError('backup-failed', `${what}; nothing here is changed: take it again`, {
    cause: error,
  })
}
