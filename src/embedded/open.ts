/*
 * The embedded engine on real devices: a directory of this machine, or its memory.
 *
 *   DIR/journal-N.log  checkpoint-N.ckpt  index.pages  ledger.sqlite  reserve  lock  owner  homing.sock
 *
 * The directory is 0700 and its files 0600: messages are nobody else's business.
 */

import fs from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { systemClock } from '../clock.ts'
import type { Engine } from '../engine.ts'
import { HomingError } from '../errors.ts'
import { type Broker, openBroker } from './broker.ts'
import { type DirectoryLock, type LockSettings, lockDirectory } from './directory-lock.ts'
import { type EmbeddedOptions, type EngineOptions, engineOptions } from './engine-options.ts'
import { memoryDisk } from './journal/memory-disk.ts'
import { realDisk } from './journal/real-disk.ts'

/**
 * Opens the durable engine in a directory, which is made when it is not there, or in memory
 * (`memory:`). Fails with `locked`, `not-permitted`, `format-unknown`, `disk-full`, `unknown-option`.
 */
export async function openEmbedded(where: string, options?: EmbeddedOptions): Promise<Engine> {
  const settings = engineOptions(options)
  if (typeof where !== 'string' || where === '') {
    const what = where === '' ? 'empty' : typeof where
    throw new HomingError(
      'bad-argument',
      `the place of the engine is ${what}; give the path of a directory, or memory:`,
    )
  }
  if (where === 'memory:') return openInMemory(settings)
  return (await openDirectory(resolve(where), settings)).engine
}

export interface OpenedDirectory {
  /** Releases the lock when it is closed. */
  readonly engine: Broker
  readonly lock: DirectoryLock
}

/** The durable engine in a directory by its full path. Fails as `openEmbedded` does. */
export async function openDirectory(
  directory: string,
  options: EngineOptions,
  settings?: LockSettings,
): Promise<OpenedDirectory> {
  let lock: DirectoryLock | undefined
  try {
    makeDirectory(directory)
    lock = await lockDirectory(directory, settings)
    const engine = releasing(await openLocked(directory, options), lock)
    return { engine, lock }
  } catch (error) {
    lock?.release()
    throw explained(error, directory)
  }
}

async function openInMemory(options: EngineOptions): Promise<Broker> {
  const { openMemoryLedger } = await import('./ledger/memory-ledger.ts')
  const ledger = openMemoryLedger({ retention: options.retention })
  return openBroker({ disk: memoryDisk(), clock: systemClock, ledger }, options, 'memory')
}

async function openLocked(directory: string, options: EngineOptions): Promise<Broker> {
  const { openSqliteLedger } = await import('./ledger/sqlite-ledger.ts')
  let broker: Broker | undefined
  const ledger = await openSqliteLedger(join(directory, 'ledger.sqlite'), {
    retention: options.retention,
    onDamaged: options.onProblem,
    onStalled: (error) => options.onProblem(error.message),
    onFailed: (error) => (broker ? broker.fail(error) : options.onFailed(error)),
  })
  try {
    const devices = { disk: realDisk(directory), clock: systemClock, ledger }
    broker = await openBroker(devices, options)
    return broker
  } catch (error) {
    await ledger.close().catch(() => undefined)
    throw error
  }
}

function releasing(broker: Broker, lock: DirectoryLock): Broker {
  const close = broker.close.bind(broker)
  let closing: Promise<void> | undefined
  broker.close = () => {
    closing ??= close().finally(() => lock.release())
    return closing
  }
  return broker
}

function makeDirectory(directory: string): void {
  const made = missing(directory)
  try {
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    // Node says that it is not there when its parent may not be written to.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    fs.accessSync(dirname(made.at(-1) ?? directory), fs.constants.W_OK)
    throw error
  }
  for (const path of made) syncDirectory(dirname(path))
  if (!fs.statSync(directory).isDirectory()) {
    throw new HomingError('bad-argument', `${directory} is not a directory; give the path of one`)
  }
  fs.accessSync(directory, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK)
}

/** The directories on the way that are not there yet, the innermost first. */
function missing(directory: string): string[] {
  const found: string[] = []
  for (let path = directory; !fs.existsSync(path); path = dirname(path)) found.push(path)
  return found
}

/** A new name is durable only once its parent is synced: messages in a lost directory are lost. */
function syncDirectory(path: string): void {
  const fd = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

const notPermitted = new Set(['EACCES', 'EPERM', 'EROFS'])

/** What the operating system said, in our words. */
function explained(error: unknown, directory: string): unknown {
  if (error instanceof HomingError) return error
  const { code, path } = error as NodeJS.ErrnoException
  const name = path?.startsWith(directory) ? path : directory
  const user = process.getuid?.() ?? 'unknown'
  if (code !== undefined && notPermitted.has(code)) {
    return new HomingError(
      'not-permitted',
      `user ${user} may not read and write ${name} (${code})${ownerOf(name)}; change its owner or mode, or give another directory`,
      { cause: error },
    )
  }
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    return new HomingError(
      'bad-argument',
      `${directory} is not a directory; give the path of one`,
      { cause: error },
    )
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new HomingError(
      'disk-full',
      `the disk of ${directory} is full; free some space and start again`,
      { cause: error },
    )
  }
  if (code === 'EIO') {
    return new HomingError(
      'disk-failed',
      `the disk of ${directory} failed (${(error as Error).message}); check the disk, then start again`,
      { cause: error },
    )
  }
  return error
}

function ownerOf(directory: string): string {
  try {
    return `, it belongs to user ${fs.statSync(directory).uid}`
  } catch {
    return ''
  }
}
