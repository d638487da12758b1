/*
 * What a channel has delivered and the client has not settled yet, by delivery tag.
 *
 *            #from                        #to
 *              ▼                           ▼
 *   tags    │  7 │  8 │  9 │ 12 │ 13 │ 14 │        a ring; tags only rise
 *   held    │  a │  b │    │  c │  – │  d │        blank: settled, –: revoked
 *
 * A tag is found by where it would stand if none were missing, otherwise by halving. The first place
 * is never blank. When the ring is full and mostly blank, it is closed up instead of made larger: a
 * delivery that is never settled costs its own place only.
 */

import type { HeldMessage } from '../virtual-host/port.ts'

/** Settlements taken out, in order of delivery. Places of one number belong together. */
export class Taken<Owner> {
  readonly tags: number[] = []
  readonly held: HeldMessage[] = []
  /** Whose consumer they went to; undefined for basic.get. */
  readonly owners: (Owner | undefined)[] = []

  get count(): number {
    return this.tags.length
  }

  add(tag: number, held: HeldMessage, owner: Owner | undefined): void {
    this.tags.push(tag)
    this.held.push(held)
    this.owners.push(owner)
  }
}

/** Stands for a message that was taken back: the client may still settle it, to no effect. */
const revoked: HeldMessage = Object.freeze({}) as HeldMessage

const roomMin = 16

interface Place<Owner> {
  readonly tag: number
  readonly held: HeldMessage
  readonly owner: Owner | undefined
}

export class Unacknowledged<Owner> {
  #tags: number[] = new Array<number>(roomMin).fill(0)
  #held: (HeldMessage | undefined)[] = new Array<undefined>(roomMin).fill(undefined)
  #owners: (Owner | undefined)[] = new Array<undefined>(roomMin).fill(undefined)
  #mask = roomMin - 1
  /** Places count up for ever; `& #mask` is where in the ring. */
  #from = 0
  #to = 0
  #count = 0
  #owned = 0

  /** Messages the client holds. */
  get count(): number {
    return this.#count
  }

  /** Those of them that went to consumers. */
  get owned(): number {
    return this.#owned
  }

  /** `tag` is higher than all before. */
  add(tag: number, held: HeldMessage, owner: Owner | undefined): void {
    if (this.#to - this.#from > this.#mask) this.#makeRoom()
    const at = this.#to++ & this.#mask
    this.#tags[at] = tag
    this.#held[at] = held
    this.#owners[at] = owner
    if (held !== revoked) this.#count++
    if (owner !== undefined) this.#owned++
  }

  /**
   * Takes out this one, or all up to it; tag 0 with `multiple` is all there are. False, and nothing
   * taken, when that tag is not held.
   */
  take(tag: number, multiple: boolean, into: Taken<Owner>): boolean {
    if (tag === 0 && multiple) {
      this.takeAll(into)
      return true
    }
    const place = this.#find(tag)
    if (place === -1) return false
    if (multiple) this.#takeTo(place + 1, into)
    else this.#takeAt(place, into)
    this.#skipBlanks()
    return true
  }

  takeAll(into: Taken<Owner>): void {
    this.#takeTo(this.#to, into)
    this.#skipBlanks()
  }

  /** Puts back what was taken, where it was. */
  putBack(taken: Taken<Owner>): void {
    if (taken.count === 0) return
    const places: Place<Owner>[] = []
    for (let place = this.#from; place < this.#to; place++) {
      const at = place & this.#mask
      const held = this.#held[at]
      if (held === undefined) continue
      places.push({ tag: this.#tags[at] as number, held, owner: this.#owners[at] })
    }
    for (const [n, tag] of taken.tags.entries())
      places.push({ tag, held: taken.held[n] as HeldMessage, owner: taken.owners[n] })
    places.sort((a, b) => a.tag - b.tag)
    this.#from = this.#to
    this.#count = 0
    this.#owned = 0
    for (const { tag, held, owner } of places) this.add(tag, held, owner)
  }

  /** It was taken back: its tag can be settled, once, and that does nothing. */
  revoke(held: HeldMessage): boolean {
    for (let place = this.#from; place < this.#to; place++) {
      const at = place & this.#mask
      if (this.#held[at] !== held) continue
      this.#held[at] = revoked
      this.#count--
      if (this.#owners[at] !== undefined) this.#owned--
      this.#owners[at] = undefined
      return true
    }
    return false
  }

  #find(tag: number): number {
    if (this.#from === this.#to) return -1
    const first = this.#tags[this.#from & this.#mask] as number
    const guess = this.#from + (tag - first)
    if (tag >= first && guess < this.#to && this.#tags[guess & this.#mask] === tag)
      return this.#held[guess & this.#mask] === undefined ? -1 : guess
    let low = this.#from
    let high = this.#to - 1
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if ((this.#tags[middle & this.#mask] as number) < tag) low = middle + 1
      else high = middle
    }
    const at = low & this.#mask
    return this.#tags[at] === tag && this.#held[at] !== undefined ? low : -1
  }

  #takeTo(end: number, into: Taken<Owner>): void {
    for (let place = this.#from; place < end; place++) this.#takeAt(place, into)
  }

  #takeAt(place: number, into: Taken<Owner>): void {
    const at = place & this.#mask
    const held = this.#held[at]
    if (held === undefined) return
    const owner = this.#owners[at]
    this.#held[at] = undefined
    this.#owners[at] = undefined
    if (held === revoked) return
    this.#count--
    if (owner !== undefined) this.#owned--
    into.add(this.#tags[at] as number, held, owner)
  }

  #skipBlanks(): void {
    while (this.#from < this.#to && this.#held[this.#from & this.#mask] === undefined) this.#from++
  }

  #makeRoom(): void {
    const tags: number[] = []
    const held: (HeldMessage | undefined)[] = []
    const owners: (Owner | undefined)[] = []
    for (let place = this.#from; place < this.#to; place++) {
      const at = place & this.#mask
      if (this.#held[at] === undefined) continue
      tags.push(this.#tags[at] as number)
      held.push(this.#held[at])
      owners.push(this.#owners[at])
    }
    const count = tags.length
    const room = count > (this.#mask + 1) / 2 ? (this.#mask + 1) * 2 : this.#mask + 1
    for (let n = count; n < room; n++) {
      tags.push(0)
      held.push(undefined)
      owners.push(undefined)
    }
    this.#tags = tags
    this.#held = held
    this.#owners = owners
    this.#mask = room - 1
    this.#from = 0
    this.#to = count
  }
}
