/*
 * What a disk holds, as the running machine sees it and as a power cut would leave it.
 *
 *   write ──▶ seen by reads at once ──▶ dirty ── sync of the file ──▶ durable
 *   create, rename, remove ──▶ seen at once ──▶ dirty ── syncDirectory ──▶ durable
 *
 * Rule: a power cut keeps what is durable, and of the rest whatever the dice say: all, nothing, the
 * first bytes, any 512-byte pieces, a longer file with zeros where data should be, any of the changed
 * names. When only the process dies, the machine keeps all of it, still dirty: it can be read, and a
 * later power cut can take it. A sync that failed leaves data readable that is dirty no more (so the
 * kernel does it): no later sync brings it to the disk.
 */

import type { RandomSource } from './random.ts'

interface DirtyWrite {
  readonly bytes: Uint8Array
  readonly position: number
  /** The call has returned; a sync that began before does not cover it. */
  done: boolean
}

/** One file, whatever its names. */
export interface Inode {
  seen: Uint8Array
  seenLength: number
  durable: Uint8Array
  durableLength: number
  dirty: DirtyWrite[]
}

type NameChange =
  | { readonly kind: 'create'; readonly name: string; readonly inode: Inode }
  | { readonly kind: 'rename'; readonly name: string; readonly to: string; readonly inode: Inode }
  | { readonly kind: 'remove'; readonly name: string }

/** Smallest piece that a disk writes whole. */
const sectorBytes = 512

export class DiskState {
  readonly #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  #changes: NameChange[] = []

  /** A disk holding these files, all of it durable. */
  static of(files: Iterable<readonly [string, Uint8Array]>): DiskState {
    const state = new DiskState()
    for (const [name, bytes] of files) {
      state.#names.set(name, inodeOf(bytes))
    }
    state.#durableNames = new Map(state.#names)
    return state
  }

  list(): string[] {
    return [...this.#names.keys()]
  }

  find(name: string): Inode | undefined {
    return this.#names.get(name)
  }

  /** Bytes in all files, as the running machine counts them. */
  usedBytes(): number {
    let bytes = 0
    for (const inode of this.#names.values()) bytes += inode.seenLength
    return bytes
  }

  /** The files as the running machine sees them. */
  files(): Map<string, Uint8Array> {
    const files = new Map<string, Uint8Array>()
    for (const [name, inode] of this.#names) {
      files.set(name, inode.seen.slice(0, inode.seenLength))
    }
    return files
  }

  create(name: string): Inode {
    const inode = inodeOf(new Uint8Array(0))
    this.#change({ kind: 'create', name, inode })
    return inode
  }

  rename(name: string, to: string): void {
    this.#change({ kind: 'rename', name, to, inode: this.#names.get(name) as Inode })
  }

  remove(name: string): void {
    this.#change({ kind: 'remove', name })
  }

  /** Begins a sync of the names; what is called later makes durable what had changed by now. */
  beginDirectorySync(): () => void {
    const covered = this.#changes.length
    return () => {
      for (const change of this.#changes.splice(0, covered)) apply(this.#durableNames, change)
    }
  }

  /** What the next start finds after a power cut now. */
  afterPowerCut(random: RandomSource): DiskState {
    const names = new Map(this.#durableNames)
    for (const change of survivingChanges(this.#changes, random)) apply(names, change)
    const files: [string, Uint8Array][] = []
    for (const [name, inode] of names) files.push([name, survivingBytes(inode, random)])
    return DiskState.of(files)
  }

  /** What the next process finds when this one is killed: dirty data is still there, and dirty. */
  afterKill(random: RandomSource): DiskState {
    const copies = new Map<Inode, Inode>()
    const copy = (inode: Inode): Inode => {
      const known = copies.get(inode) ?? killedInode(inode, random)
      copies.set(inode, known)
      return known
    }
    const state = new DiskState()
    for (const [name, inode] of this.#names) state.#names.set(name, copy(inode))
    for (const [name, inode] of this.#durableNames) state.#durableNames.set(name, copy(inode))
    state.#changes = this.#changes.map((change) =>
      change.kind === 'remove' ? change : { ...change, inode: copy(change.inode) },
    )
    return state
  }

  #change(change: NameChange): void {
    this.#changes.push(change)
    apply(this.#names, change)
  }
}

function apply(names: Map<string, Inode>, change: NameChange): void {
  switch (change.kind) {
    case 'create':
      names.set(change.name, change.inode)
      return
    case 'rename':
      if (names.get(change.name) === change.inode) names.delete(change.name)
      names.set(change.to, change.inode)
      return
    case 'remove':
      names.delete(change.name)
      return
    default:
      change satisfies never
  }
}

function inodeOf(bytes: Uint8Array): Inode {
  return {
    seen: bytes.slice(),
    seenLength: bytes.length,
    durable: bytes.slice(),
    durableLength: bytes.length,
    dirty: [],
  }
}

/** A write that was under way is there in part; it stays dirty like the others. */
function killedInode(inode: Inode, random: RandomSource): Inode {
  const copy: Inode = {
    seen: inode.seen.slice(),
    seenLength: inode.seenLength,
    durable: inode.durable.slice(),
    durableLength: inode.durableLength,
    dirty: inode.dirty.filter((write) => write.done),
  }
  for (const { bytes, position, done } of inode.dirty) {
    if (done) continue
    const part = { bytes: bytes.slice(0, random.between(0, bytes.length)), position, done: true }
    showWrite(copy, part.bytes, position)
    copy.dirty.push(part)
  }
  return copy
}

/** Takes the bytes as under way; the function returned ends the call, and reads see them. */
export function beginWrite(inode: Inode, bytes: Uint8Array, position: number): () => void {
  const write: DirtyWrite = { bytes, position, done: false }
  inode.dirty.push(write)
  return () => {
    write.done = true
    showWrite(inode, bytes, position)
  }
}

function showWrite(inode: Inode, bytes: Uint8Array, position: number): void {
  const end = position + bytes.length
  inode.seen = withRoom(inode.seen, end)
  inode.seen.set(bytes, position)
  inode.seenLength = Math.max(inode.seenLength, end)
}

/** Begins a sync; `succeed` makes durable what had been written by now, `fail` loses it to chance. */
export function beginSync(inode: Inode): { succeed(): void; fail(random: RandomSource): void } {
  const covered = new Set(inode.dirty.filter((write) => write.done))
  const end = (keep: (write: DirtyWrite) => void) => {
    for (const write of inode.dirty) if (covered.has(write)) keep(write)
    inode.dirty = inode.dirty.filter((write) => !covered.has(write))
  }
  return {
    succeed: () => end((write) => keepPiece(inode, write, 0, write.bytes.length)),
    fail: (random) => end((write) => keepSome(inode, write, random)),
  }
}

function keepPiece(inode: Inode, write: DirtyWrite, from: number, to: number): void {
  if (to <= from) return
  const end = write.position + to
  inode.durable = withRoom(inode.durable, end)
  inode.durable.set(write.bytes.subarray(from, to), write.position + from)
  inode.durableLength = Math.max(inode.durableLength, end)
}

function keepSome(inode: Inode, write: DirtyWrite, random: RandomSource): void {
  const { bytes, position } = write
  const fate = random.weighted({ all: 3, none: 3, prefix: 3, pieces: 3, zeros: 1 })
  if (fate === 'all') keepPiece(inode, write, 0, bytes.length)
  if (fate === 'prefix') keepPiece(inode, write, 0, random.below(bytes.length + 1))
  if (fate === 'zeros') {
    // The file's new length reached the disk, its data did not.
    inode.durable = withRoom(inode.durable, position + bytes.length)
    inode.durableLength = Math.max(inode.durableLength, position + bytes.length)
  }
  if (fate !== 'pieces') return
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + sectorBytes - ((position + from) % sectorBytes))
    if (random.chance(0.5)) keepPiece(inode, write, from, to)
    from = to
  }
}

function survivingBytes(inode: Inode, random: RandomSource): Uint8Array {
  if (inode.dirty.length === 0) return inode.durable.slice(0, inode.durableLength)
  const copy: Inode = { ...inode, durable: inode.durable.slice() }
  const fate = random.weighted({ all: 2, none: 2, first: 2, any: 6 })
  const kept = fate === 'first' ? random.below(inode.dirty.length) : inode.dirty.length
  for (const [n, write] of inode.dirty.entries()) {
    if (fate === 'any' || n === kept) keepSome(copy, write, random)
    else if (fate !== 'none' && n < kept) keepPiece(copy, write, 0, write.bytes.length)
  }
  return copy.durable.slice(0, copy.durableLength)
}

function survivingChanges(changes: readonly NameChange[], random: RandomSource): NameChange[] {
  const fate = random.weighted({ all: 3, none: 2, first: 3, any: 3 })
  if (fate === 'all') return [...changes]
  if (fate === 'none') return []
  if (fate === 'first') return changes.slice(0, random.below(changes.length + 1))
  return changes.filter(() => random.chance(0.5))
}

function withRoom(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length >= length) return bytes
  const larger = new Uint8Array(Math.max(length, bytes.length * 2))
  larger.set(bytes)
  return larger
}
