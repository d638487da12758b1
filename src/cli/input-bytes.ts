/*
 * Reading what is piped or given as a file, byte for byte and no further than a message may be large.
 */

import { Buffer } from 'node:buffer'
import { createReadStream, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { Refusal } from './refusal.ts'

/** One body; the library refuses what is over its own limit with the exact numbers. */
const bytesMax = 64 * 1024 * 1024
const lineFeed = 0x0a
const carriageReturn = 0x0d

export async function allBytes(stream: Readable, what: string): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of stream as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > bytesMax) throw tooLarge(what)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

export interface Line {
  /** Counted from 1. */
  readonly number: number
  readonly bytes: Buffer
  /** Bytes of the file up to its end. */
  readonly end: number
}

/** The lines of a stream without their line ends, empty ones left out. */
export async function* linesOf(stream: Readable, what: string): AsyncGenerator<Line> {
  let kept: Buffer[] = []
  let keptBytes = 0
  let number = 0
  let end = 0
  const line = (last: Buffer): Line | undefined => {
    number++
    const bytes = trimmed(keptBytes === 0 ? last : Buffer.concat([...kept, last]))
    kept = []
    keptBytes = 0
    return bytes.length === 0 ? undefined : { number, bytes, end }
  }
  for await (const piece of stream as AsyncIterable<Buffer>) {
    let from = 0
    for (let at = piece.indexOf(lineFeed); at !== -1; at = piece.indexOf(lineFeed, from)) {
      end += at + 1 - from
      const whole = line(piece.subarray(from, at))
      from = at + 1
      if (whole) yield whole
    }
    const rest = piece.subarray(from)
    end += rest.length
    keptBytes += rest.length
    if (keptBytes > bytesMax) throw tooLarge(`line ${number + 1} of ${what}`)
    if (rest.length > 0) kept.push(rest)
  }
  const last = line(Buffer.alloc(0))
  if (last) yield last
}

function trimmed(bytes: Buffer): Buffer {
  return bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes
}

/** A file to read, and its size; `-` is standard input, whose size is not known. */
export function openInput(path: string): { readonly stream: Readable; readonly bytes: number } {
  if (path === '-') return { stream: process.stdin, bytes: 0 }
  try {
    const stats = statSync(path)
    if (stats.isDirectory()) throw new Refusal('usage', `${path} is a directory; give a file`)
    return { stream: createReadStream(path), bytes: stats.size }
  } catch (error) {
    if (error instanceof Refusal) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new Refusal('notFound', `there is no file ${path}`)
    throw new Refusal('notPermitted', `${path} cannot be read: ${(error as Error).message}`)
  }
}

const tooLarge = (what: string): Refusal =>
  new Refusal('usage', `${what} is larger than ${bytesMax} bytes, more than any message may be`)
