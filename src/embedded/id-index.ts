/*
 * Which live ids there are, and where their records lie: 12 bytes a slot, no object and no string.
 *
 *   256 shards, each an open-addressed table of slots (u32 hash · u32 segment · u32 from)
 *   a shard is a list of chunks of 256 slots, cut from slabs of 768 KiB that are never given back
 *
 * A shard is kept 62 to 80 % full, growing by 1.3, so that ten million ids take about 170 MB
 * and no growth stops the world. All chunks are alike: what one shard leaves behind when it grows,
 * the next one takes, and the system's allocator is left with no holes.
 * A hash that matches is only a hint: the record itself is read to be sure.
 */

const shardCount = 256
const slotWords = 3
const chunkSlots = 256
const chunkWords = chunkSlots * slotWords
const slabChunks = 256
const fullPart = 0.8
const growth = 1.3

/** 32 well-mixed bits of an id. The seed is the data directory's own, so ids cannot be made to collide. */
export function hashId(id: string, seed: number): number {
  let h = seed ^ id.length
  for (let i = 0; i < id.length; i++) h = Math.imul(h ^ id.charCodeAt(i), 0x01000193) ^ (h >>> 15)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Chunks of slots, all empty when taken. A chunk is named by a number: its slab, and its place there. */
class Chunks {
  readonly slabs: Uint32Array[] = []
  readonly #free: number[] = []
  #made = 0

  take(): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#made % slabChunks === 0) this.slabs.push(new Uint32Array(slabChunks * chunkWords))
    return this.#made++
  }

  giveBack(chunk: number): void {
    const from = (chunk % slabChunks) * chunkWords
    this.slabs[Math.floor(chunk / slabChunks)]?.fill(0, from, from + chunkWords)
    this.#free.push(chunk)
  }
}

class Shard {
  readonly #pool: Chunks
  #chunks: number[] = []
  slots = 0
  used = 0

  constructor(pool: Chunks) {
    this.#pool = pool
  }

  home(hash: number): number {
    return Math.floor((hash / 2 ** 32) * this.slots)
  }

  /** The slab that the slot lies in. */
  words(slot: number): Uint32Array {
    const chunk = this.#chunks[slot >>> 8] as number
    return this.#pool.slabs[chunk >>> 8] as Uint32Array
  }

  /** Where in its slab the slot begins. */
  at(slot: number): number {
    const chunk = this.#chunks[slot >>> 8] as number
    return (((chunk & 255) << 8) | (slot & 255)) * slotWords
  }

  next(slot: number): number {
    return slot + 1 === this.slots ? 0 : slot + 1
  }

  add(hash: number, segment: number, from: number): void {
    if (this.used + 1 > this.slots * fullPart) this.resize(Math.ceil(this.slots * growth) + 1)
    const { slabs } = this.#pool
    const chunks = this.#chunks
    const { slots } = this
    for (let slot = this.home(hash); ; slot = slot + 1 === slots ? 0 : slot + 1) {
      const chunk = chunks[slot >>> 8] as number
      const words = slabs[chunk >>> 8] as Uint32Array
      const at = (((chunk & 255) << 8) | (slot & 255)) * slotWords
      if (words[at + 1] !== 0) continue
      words[at] = hash
      words[at + 1] = segment
      words[at + 2] = from
      this.used++
      return
    }
  }

  #put(slot: number, hash: number, segment: number, from: number): void {
    const words = this.words(slot)
    const at = this.at(slot)
    words[at] = hash
    words[at + 1] = segment
    words[at + 2] = from
  }

  /** The slot of that hash and place, or -1. */
  find(hash: number, segment: number, from: number): number {
    if (this.slots === 0) return -1
    for (let slot = this.home(hash); ; slot = this.next(slot)) {
      const words = this.words(slot)
      const at = this.at(slot)
      if (words[at + 1] === 0) return -1
      if (words[at] === hash && words[at + 1] === segment && words[at + 2] === from) return slot
    }
  }

  /** Removes a slot by closing the gap, so that no tombstones gather. */
  remove(gap: number): void {
    let hole = gap
    for (let slot = this.next(gap); ; slot = this.next(slot)) {
      const words = this.words(slot)
      const at = this.at(slot)
      const segment = words[at + 1] as number
      if (segment === 0) break
      const hash = words[at] as number
      const home = this.home(hash)
      const between = hole <= slot ? home > hole && home <= slot : home > hole || home <= slot
      if (between) continue
      this.#put(hole, hash, segment, words[at + 2] as number)
      hole = slot
    }
    this.#put(hole, 0, 0, 0)
    this.used--
  }

  /** Makes room for that many slots, in whole chunks. */
  resize(slots: number): void {
    const old = this.#chunks
    const count = Math.ceil(slots / chunkSlots)
    this.#chunks = Array.from({ length: count }, () => this.#pool.take())
    this.slots = count * chunkSlots
    this.used = 0
    for (const chunk of old) {
      const words = this.#pool.slabs[chunk >>> 8] as Uint32Array
      const end = ((chunk & 255) + 1) * chunkWords
      for (let at = end - chunkWords; at < end; at += slotWords) {
        const segment = words[at + 1] as number
        if (segment !== 0) this.add(words[at] as number, segment, words[at + 2] as number)
      }
      this.#pool.giveBack(chunk)
    }
  }
}

export interface Place {
  readonly segment: number
  readonly from: number
}

export class IdIndex {
  readonly #pool = new Chunks()
  readonly #shards = Array.from({ length: shardCount }, () => new Shard(this.#pool))

  /** Makes room for that many ids at once; recovery knows how many come. */
  reserve(ids: number): void {
    const slots = Math.ceil(((ids / shardCount) * 1.1) / fullPart)
    for (const shard of this.#shards) if (slots > shard.slots) shard.resize(slots)
  }

  add(hash: number, segment: number, from: number): void {
    this.#shard(hash).add(hash, segment, from)
  }

  remove(hash: number, segment: number, from: number): void {
    const shard = this.#shard(hash)
    const slot = shard.find(hash, segment, from)
    if (slot >= 0) shard.remove(slot)
  }

  move(hash: number, old: Place, segment: number, from: number): void {
    const shard = this.#shard(hash)
    const slot = shard.find(hash, old.segment, old.from)
    if (slot < 0) return
    const words = shard.words(slot)
    const at = shard.at(slot)
    words[at + 1] = segment
    words[at + 2] = from
  }

  /** Where records of ids with that hash lie. */
  places(hash: number): Place[] {
    const shard = this.#shard(hash)
    const places: Place[] = []
    if (shard.slots === 0) return places
    for (let slot = shard.home(hash); ; slot = shard.next(slot)) {
      const words = shard.words(slot)
      const at = shard.at(slot)
      const segment = words[at + 1] as number
      if (segment === 0) return places
      if (words[at] === hash) places.push({ segment, from: words[at + 2] as number })
    }
  }

  #shard(hash: number): Shard {
    return this.#shards[hash & (shardCount - 1)] as Shard
  }
}
