/*
 * The files of the audit log, in the data directory, readable by their owner alone.
 *
 *   audit.log ─ full ─▶ audit.log.1 ─▶ audit.log.2 … ─▶ the oldest is deleted
 *
 * A line is written with one call and synced soon after. What a crash tore off stays as a line that is
 * none; the next one begins on a line of its own.
 */

import fs from 'node:fs'
import { join } from 'node:path'
import { limits } from '../limits.ts'
import { type AuditLine, type AuditRecord, parseAuditLine } from './audit-record.ts'

export const auditFileName = 'audit.log'

export interface AuditFileSizes {
  /** Bytes at which a file is full. */
  readonly fileBytesMax: number
  /** Files that are kept beside the one that is written. */
  readonly filesKept: number
}

const sizesDefault: AuditFileSizes = {
  fileBytesMax: limits.auditFileBytes,
  filesKept: limits.auditFilesKept,
}

const tailBytesMax = 1_048_576

export class AuditFiles {
  readonly #directory: string
  readonly #sizes: AuditFileSizes
  #fd: number
  #bytes: number
  /** The file does not end with a whole line. */
  #isTorn: boolean
  #isSyncing = false
  #isClosed = false

  constructor(directory: string, sizes: AuditFileSizes = sizesDefault) {
    this.#directory = directory
    this.#sizes = sizes
    this.#fd = this.#open()
    this.#bytes = fs.fstatSync(this.#fd).size
    this.#isTorn = this.#bytes > 0 && !endsWithLine(this.#path(), this.#bytes)
  }

  /** Fails with what the disk says; then the line may be there in part. */
  append(text: string): void {
    const line = `${this.#isTorn ? '\n' : ''}${text}\n`
    const bytes = Buffer.byteLength(line)
    if (this.#bytes > 0 && this.#bytes + bytes > this.#sizes.fileBytesMax) this.#rotate()
    this.#isTorn = true
    const written = fs.writeSync(this.#fd, line)
    this.#bytes += written
    this.#isTorn = written < bytes
    this.#syncSoon()
  }

  /** The lines of each file, the newest file first; read one by one as they are asked for. */
  async *newestFirst(): AsyncGenerator<readonly AuditLine[]> {
    for (const path of auditPaths(this.#directory)) yield await linesOf(path)
  }

  /** The last whole lines, oldest first: as many as asked for, or as a start may take time for. */
  tail(count: number): readonly AuditLine[] {
    return tailOf(this.#directory, count, tailBytesMax)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    fs.fsyncSync(this.#fd)
    fs.closeSync(this.#fd)
  }

  #path(): string {
    return join(this.#directory, auditFileName)
  }

  #open(): number {
    return fs.openSync(this.#path(), 'a', 0o600)
  }

  #rotate(): void {
    fs.fsyncSync(this.#fd)
    fs.closeSync(this.#fd)
    const path = this.#path()
    fs.rmSync(`${path}.${this.#sizes.filesKept}`, { force: true })
    for (let n = this.#sizes.filesKept - 1; n >= 1; n--) {
      if (fs.existsSync(`${path}.${n}`)) fs.renameSync(`${path}.${n}`, `${path}.${n + 1}`)
    }
    if (this.#sizes.filesKept > 0) fs.renameSync(path, `${path}.1`)
    else fs.rmSync(path)
    this.#fd = this.#open()
    this.#bytes = 0
  }

  #syncSoon(): void {
    if (this.#isSyncing) return
    this.#isSyncing = true
    setImmediate(() => {
      if (this.#isClosed) return
      const fd = this.#fd
      fs.fdatasync(fd, () => {
        this.#isSyncing = false
      })
    })
  }
}

/** The newest records of a directory, newest first; needs no lock. */
export const auditRecords = (directory: string, count: number): readonly AuditRecord[] =>
  tailOf(directory, count)
    .map(({ record }) => record)
    .reverse()

function tailOf(directory: string, count: number, fileBytesMax = Number.MAX_SAFE_INTEGER) {
  let lines: readonly AuditLine[] = []
  for (const path of auditPaths(directory)) {
    const own = lastLinesIn(endOf(path, fileBytesMax), count - lines.length)
    lines = [...own, ...lines]
    if (lines.length >= count || fs.statSync(path).size > fileBytesMax) break
  }
  return lines
}

/** Checks no more lines than are wanted: the rest of a file can be long. */
function lastLinesIn(text: string, count: number): readonly AuditLine[] {
  const found: AuditLine[] = []
  const lines = text.split('\n')
  for (let n = lines.length - 1; n >= 0 && found.length < count; n--) {
    const line = parseAuditLine(lines[n] ?? '')
    if (line !== undefined) found.push(line)
  }
  return found.reverse()
}

/** The end of a file, which may begin within a line. */
function endOf(path: string, bytesMax: number): string {
  const { size } = fs.statSync(path)
  const bytes = Buffer.alloc(Math.min(size, bytesMax))
  const fd = fs.openSync(path, 'r')
  try {
    const read = fs.readSync(fd, bytes, 0, bytes.length, size - bytes.length)
    return bytes.toString('utf8', 0, read)
  } finally {
    fs.closeSync(fd)
  }
}

/** Those that there are, the newest first. */
export function auditPaths(directory: string): readonly string[] {
  const path = join(directory, auditFileName)
  const found = fs.existsSync(path) ? [path] : []
  for (let n = 1; fs.existsSync(`${path}.${n}`); n++) found.push(`${path}.${n}`)
  return found
}

/** What is no line is passed over: `homing audit verify` tells of it. */
const linesIn = (text: string): readonly AuditLine[] =>
  text.split('\n').flatMap((line) => parseAuditLine(line) ?? [])

/** Empty when the file has been rotated away meanwhile. */
async function linesOf(path: string): Promise<readonly AuditLine[]> {
  const text = await fs.promises.readFile(path, 'utf8').catch(() => '')
  return linesIn(text)
}

function endsWithLine(path: string, bytes: number): boolean {
  const fd = fs.openSync(path, 'r')
  try {
    const last = Buffer.alloc(1)
    fs.readSync(fd, last, 0, 1, bytes - 1)
    return last[0] === 0x0a
  } finally {
    fs.closeSync(fd)
  }
}
