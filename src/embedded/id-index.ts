/*
 * Which live ids there are, and where their records lie: 12 bytes a slot, no object and no string.
 *
 *   256 shards, each an open-addressed table of (u32 hash · u32 segment · u32 from)
 *
 * A shard is kept 62 to 80 % full, growing by 1.3, so that ten million ids take about 170 MB and no
 * growth stops the world. A hash that matches is only a hint: the record itself is read to be sure.
 */

const shardCount = 256
const slotWords = 3
const firstSlots = 16
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

class Shard {
  words = new Uint32Array(firstSlots * slotWords)
  slots = firstSlots
  used = 0

  home(hash: number): number {
    return Math.floor((hash / 2 ** 32) * this.slots)
  }

  add(hash: number, segment: number, from: number): void {
    if (this.used + 1 > this.slots * fullPart) this.#grow()
    const { words, slots } = this
    let slot = this.home(hash)
    while (words[slot * slotWords + 1] !== 0) slot = slot + 1 === slots ? 0 : slot + 1
    words[slot * slotWords] = hash
    words[slot * slotWords + 1] = segment
    words[slot * slotWords + 2] = from
    this.used++
  }

  /** The slot of that hash and place, or -1. */
  find(hash: number, segment: number, from: number): number {
    const { words, slots } = this
    for (let slot = this.home(hash); ; slot = slot + 1 === slots ? 0 : slot + 1) {
      const at = slot * slotWords
      if (words[at + 1] === 0) return -1
      if (words[at] === hash && words[at + 1] === segment && words[at + 2] === from) return slot
    }
  }

  /** Removes a slot by closing the gap, so that no tombstones gather. */
  remove(gap: number): void {
    const { words, slots } = this
    let hole = gap
    for (let slot = gap + 1 === slots ? 0 : gap + 1; ; slot = slot + 1 === slots ? 0 : slot + 1) {
      if (words[slot * slotWords + 1] === 0) break
      const home = this.home(words[slot * slotWords] as number)
      const between = hole <= slot ? home > hole && home <= slot : home > hole || home <= slot
      if (between) continue
      words.copyWithin(hole * slotWords, slot * slotWords, slot * slotWords + slotWords)
      hole = slot
    }
    words[hole * slotWords + 1] = 0
    this.used--
  }

  #grow(): void {
    this.resize(Math.ceil(this.slots * growth) + 1)
  }

  resize(slots: number): void {
    const old = this.words
    this.slots = slots
    this.words = new Uint32Array(this.slots * slotWords)
    this.used = 0
    for (let at = 0; at < old.length; at += slotWords) {
      if (old[at + 1] !== 0)
        this.add(old[at] as number, old[at + 1] as number, old[at + 2] as number)
    }
  }
}

export interface Place {
  readonly segment: number
  readonly from: number
}

export class IdIndex {
  readonly #shards = Array.from({ length: shardCount }, () => new Shard())

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
    shard.words[slot * slotWords + 1] = segment
    shard.words[slot * slotWords + 2] = from
  }

  /** Where records of ids with that hash lie. */
  places(hash: number): Place[] {
    const shard = this.#shard(hash)
    const places: Place[] = []
    for (let slot = shard.home(hash); ; slot = slot + 1 === shard.slots ? 0 : slot + 1) {
      const at = slot * slotWords
      const segment = shard.words[at + 1] as number
      if (segment === 0) return places
      if (shard.words[at] === hash) places.push({ segment, from: shard.words[at + 2] as number })
    }
  }

  #shard(hash: number): Shard {
    return this.#shards[hash & (shardCount - 1)] as Shard
  }
}
