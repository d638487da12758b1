/*
 * A block of a queue's index: up to 4,096 messages that were never delivered, in order, as columns.
 *
 *   position f64 · deadline f64 · segment u32 · from u32 · bytes u32 · hash u32 · kind u8
 *   = 33 bytes a message, no object per message
 *
 * A row of kind 0 is gone (canceled or expired while waiting). A block may be put away: its columns
 * live in a page of the index file then, and only what is below stays in memory.
 */

import { Entry } from './entry.ts'

export const blockRowsMax = 4096
export const rowBytes = 33
const firstRows = 64
const goneKind = 0

interface Columns {
  readonly bytes: ArrayBuffer
  readonly position: Float64Array
  readonly deadline: Float64Array
  readonly segment: Uint32Array
  readonly from: Uint32Array
  readonly length: Uint32Array
  readonly hash: Uint32Array
  readonly kind: Uint8Array
}

function columnsOver(bytes: ArrayBuffer, rows: number): Columns {
  return {
    bytes,
    position: new Float64Array(bytes, 0, rows),
    deadline: new Float64Array(bytes, rows * 8, rows),
    segment: new Uint32Array(bytes, rows * 16, rows),
    from: new Uint32Array(bytes, rows * 20, rows),
    length: new Uint32Array(bytes, rows * 24, rows),
    hash: new Uint32Array(bytes, rows * 28, rows),
    kind: new Uint8Array(bytes, rows * 32, rows),
  }
}

/** Columns of a block that is used up serve the next one: busy queues make and use up many. */
let spare: Columns | undefined

function freshColumns(capacity: number): Columns {
  const reused = capacity === blockRowsMax ? spare : undefined
  if (!reused) return columnsOver(new ArrayBuffer(capacity * rowBytes), capacity)
  spare = undefined
  return reused
}

const columnNames = ['position', 'deadline', 'segment', 'from', 'length', 'hash', 'kind'] as const

export class IndexBlock {
  /** Undefined while put away. */
  columns: Columns | undefined
  capacity: number
  /** Rows [head, rows) are still to come; rows below head were taken. */
  rows = 0
  head = 0
  /** Rows not gone in [head, rows). */
  live = 0
  firstPosition = 0
  lastPosition = 0
  /** No deadline in the block is earlier. */
  deadlineMsMin = Number.POSITIVE_INFINITY
  /** Where its columns lie in the index file, -1 when nowhere; `dirty` when they have changed since. */
  page = -1
  dirty = true

  constructor(capacity = firstRows) {
    this.capacity = capacity
    this.columns = freshColumns(capacity)
  }

  /** Nothing in it is needed any more. */
  usedUp(): void {
    if (this.columns && this.capacity === blockRowsMax) spare = this.columns
    this.columns = undefined
  }

  get full(): boolean {
    return this.rows === blockRowsMax
  }

  get memoryBytes(): number {
    return this.columns ? this.columns.bytes.byteLength : 0
  }

  push(entry: Entry): void {
    if (this.rows === this.capacity) this.#grow()
    const columns = this.columns as Columns
    const row = this.rows++
    columns.position[row] = entry.position
    columns.deadline[row] = entry.deadlineAtMs
    columns.segment[row] = entry.segment
    columns.from[row] = entry.from
    columns.length[row] = entry.bytes
    columns.hash[row] = entry.hash
    columns.kind[row] = entry.kind
    if (row === 0) this.firstPosition = entry.position
    this.lastPosition = entry.position
    if (entry.deadlineAtMs < this.deadlineMsMin) this.deadlineMsMin = entry.deadlineAtMs
    this.live++
    this.dirty = true
  }

  /** The first row at or behind `head` that is not gone, as an entry; the head moves up to it. */
  first(priority: number): Entry | undefined {
    const columns = this.columns as Columns
    while (this.head < this.rows && columns.kind[this.head] === goneKind) this.head++
    return this.head < this.rows ? this.entryAt(this.head, priority) : undefined
  }

  /** Takes the row at the head out of the block. */
  takeFirst(): void {
    const columns = this.columns as Columns
    columns.kind[this.head++] = goneKind
    this.live--
    this.dirty = true
  }

  /** The row of that position, or -1. */
  rowOf(position: number): number {
    const { position: positions, kind } = this.columns as Columns
    let low = this.head
    let high = this.rows - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const there = positions[middle] as number
      if (there === position) return kind[middle] === goneKind ? -1 : middle
      if (there < position) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  remove(row: number): void {
    const columns = this.columns as Columns
    columns.kind[row] = goneKind
    this.live--
    this.dirty = true
  }

  moveTo(row: number, segment: number, from: number, bytes: number): void {
    const columns = this.columns as Columns
    columns.segment[row] = segment
    columns.from[row] = from
    columns.length[row] = bytes
    this.dirty = true
  }

  entryAt(row: number, priority: number): Entry {
    const c = this.columns as Columns
    return new Entry(
      c.position[row] as number,
      priority,
      c.kind[row] as number,
      c.hash[row] as number,
      c.deadline[row] as number,
      c.segment[row] as number,
      c.from[row] as number,
      c.length[row] as number,
    )
  }

  /** Bytes of the records of its live rows, each less so many; about, for a block that is put away. */
  bytes(lessEach: number): number {
    if (!this.columns) return this.live * lessEach
    let bytes = 0
    for (let row = this.head; row < this.rows; row++) {
      if (!this.isLive(row)) continue
      bytes += Math.max(0, (this.columns.length[row] as number) - lessEach)
    }
    return bytes
  }

  isLive(row: number): boolean {
    return row >= this.head && (this.columns as Columns).kind[row] !== goneKind
  }

  /** Rows whose deadline has passed; also finds the block's earliest remaining deadline. */
  expired(nowMs: number): number[] {
    const { deadline, kind } = this.columns as Columns
    const rows: number[] = []
    let min = Number.POSITIVE_INFINITY
    for (let row = this.head; row < this.rows; row++) {
      if (kind[row] === goneKind) continue
      const at = deadline[row] as number
      if (at <= nowMs) rows.push(row)
      else if (at < min) min = at
    }
    this.deadlineMsMin = rows.length > 0 ? nowMs : min
    return rows
  }

  /** A copy of the columns, as a page holds them. */
  copyOut(): Buffer {
    const columns = this.columns as Columns
    return Buffer.from(Buffer.from(columns.bytes))
  }

  /** Puts the columns of a page back. */
  bringBack(page: Buffer): void {
    const bytes = new ArrayBuffer(page.length)
    new Uint8Array(bytes).set(page)
    this.columns = columnsOver(bytes, this.capacity)
  }

  #grow(): void {
    const capacity = Math.min(this.capacity * 4, blockRowsMax)
    const larger = freshColumns(capacity)
    const old = this.columns as Columns
    for (const name of columnNames) larger[name].set(old[name])
    this.columns = larger
    this.capacity = capacity
  }
}
