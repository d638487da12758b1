/*
 * Real files, in pieces: the messages of the demo.
 *
 *   folder ── walk (no node_modules, no .git, no links) ──▶ files ── cut behind line feeds ──▶ pieces
 *
 * Few files make many small pieces, many files one piece each, so that there are about as many as
 * wanted. The first bytes of the Node.js program go along: there is always something that is no text.
 */

import { type Dirent, opendirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

/** A part of a file: what a message of the demo is about. */
export interface Piece {
  readonly path: string
  readonly from: number
  readonly bytes: number
}

export interface DemoFiles {
  readonly pieces: readonly Piece[]
  readonly files: number
  /** The folder, as people would name it. */
  readonly folder: string
}

const skipped = new Set(['node_modules', '.git'])
const filesMax = 20_000
const fileBytesMax = 1024 * 1024
const pieceBytesMin = 40
const pieceBytesMax = 64 * 1024
const binaryPiecesMax = 30
const lineFeed = 0x0a

/** About so many pieces of the files below a folder; of Homing's own where there are too few. */
export function demoFiles(folder: string, data: string, wanted: number): DemoFiles {
  const files = filesBelow(folder, resolve(data))
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const enough = bytes >= wanted * pieceBytesMin
  const own = enough ? [] : filesBelow(join(import.meta.dirname, '../..'), resolve(data))
  const binary = binaryParts(Math.max(1, Math.floor(wanted / 40)))
  const all = [...files, ...own]
  const pieces = cut(all, Math.max(1, wanted - binary.length))
  return {
    pieces: mingled(pieces, binary),
    files: new Set(pieces.map(({ path }) => path)).size + 1,
    folder: (relative('.', folder) || '.') + (enough ? '' : ' and of Homing itself'),
  }
}

interface FileFound {
  readonly path: string
  readonly bytes: number
}

/** Folders are walked level by level, so a cap leaves out what lies deepest. */
function filesBelow(folder: string, data: string): readonly FileFound[] {
  const found: FileFound[] = []
  const folders = [resolve(folder)]
  for (
    let at = folders.shift();
    at !== undefined && found.length < filesMax;
    at = folders.shift()
  ) {
    for (const entry of entriesOf(at)) {
      const path = join(at, entry.name)
      if (skipped.has(entry.name) || path === data) continue
      if (entry.isDirectory()) folders.push(path)
      else if (entry.isFile()) found.push(...fileAt(path))
    }
  }
  return found
}

function entriesOf(folder: string): readonly Dirent[] {
  const entries: Dirent[] = []
  try {
    const directory = opendirSync(folder)
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      if (entries.push(entry) === filesMax) break
    }
    directory.closeSync()
  } catch {
    // A folder that may not be read is not part of the demo.
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function fileAt(path: string): readonly FileFound[] {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  return bytes === 0 ? [] : [{ path, bytes: Math.min(bytes, fileBytesMax) }]
}

function cut(files: readonly FileFound[], wanted: number): readonly Piece[] {
  // Every n-th file where there are more files than pieces are wanted.
  const step = Math.max(1, files.length / wanted)
  const chosen: FileFound[] = []
  for (let at = 0; Math.floor(at) < files.length; at += step) {
    chosen.push(files[Math.floor(at)] as FileFound)
  }
  const bytes = chosen.reduce((sum, file) => sum + file.bytes, 0)
  const pieceBytes = Math.min(Math.max(Math.ceil(bytes / wanted), pieceBytesMin), pieceBytesMax)
  const pieces: Piece[] = []
  for (const { path } of chosen) {
    for (const piece of piecesOf(path, pieceBytes)) if (pieces.push(piece) >= wanted) return pieces
  }
  return pieces
}

function piecesOf(path: string, pieceBytes: number): readonly Piece[] {
  const pieces: Piece[] = []
  const content = contentOf(path)
  for (let from = 0; from < content.length; ) {
    const feed = content.indexOf(lineFeed, from + pieceBytes - 1)
    const whole = feed === -1 ? content.length : feed + 1
    const end = Math.min(whole, from + 2 * pieceBytes, content.length)
    pieces.push({ path, from, bytes: end - from })
    from = end
  }
  return pieces
}

function contentOf(path: string): Buffer {
  try {
    return readFileSync(path).subarray(0, fileBytesMax)
  } catch {
    return Buffer.alloc(0)
  }
}

/** The few spread evenly among the many. */
function mingled<T>(many: readonly T[], few: readonly T[]): readonly T[] {
  const step = Math.max(1, Math.ceil(many.length / few.length))
  const all: T[] = []
  for (let n = 0; n * step < many.length || n < few.length; n++) {
    all.push(...few.slice(n, n + 1), ...many.slice(n * step, (n + 1) * step))
  }
  return all
}

function binaryParts(wanted: number): readonly Piece[] {
  const bytes = 4096
  return Array.from({ length: Math.min(wanted, binaryPiecesMax) }, (_, n) => ({
    path: process.execPath,
    from: n * bytes,
    bytes,
  }))
}
