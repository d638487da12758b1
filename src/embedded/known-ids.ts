/*
 * Which ids were ever accepted: live ones by the index of ids, ended ones by their outcomes.
 *
 * Both know hashes only, so a match is read to be sure: from memory when its record is there, else
 * from disk.
 */

import type { Later } from '../later.ts'
import type { Core } from './core.ts'
import { readPlace } from './read-place.ts'
import { storedId } from './stored-message.ts'

export class KnownIds {
  readonly #core: Core

  constructor(core: Core) {
    this.#core = core
  }

  /** Whether the id was ever accepted; undefined when a record must be read to be sure. */
  known(id: string): boolean | undefined {
    const { state, journal, outcomes } = this.#core
    let unsure = false
    for (const place of state.ids.places(state.hash(id))) {
      const record = journal.peek(place.segment, place.from)
      if (!record) unsure = true
      else if (storedId(record) === id) return true
    }
    const known = outcomes.find(id)
    if (known === 'unread') return undefined
    if (known) return true
    return unsure ? undefined : false
  }

  /** The same, waiting for the disk only when it must. */
  wasAccepted(id: string): Later<boolean> {
    return this.known(id) ?? this.isKnown(id)
  }

  /** True when the id is surely live; false when it is not, or a record must be read to know. */
  isLiveInMemory(id: string): boolean {
    const { state, journal } = this.#core
    return state.ids.places(state.hash(id)).some((place) => {
      const record = journal.peek(place.segment, place.from)
      return record !== undefined && storedId(record) === id
    })
  }

  /** Whether the id is live or has, or had, an outcome. */
  async isKnown(id: string): Promise<boolean> {
    if (await this.#core.outcomes.lookUp(id)) return true
    return (await this.isLive(id)) || (await this.#core.outcomes.lookUp(id)) !== undefined
  }

  async isLive(id: string): Promise<boolean> {
    const { state, journal } = this.#core
    const places = () => state.ids.places(state.hash(id))
    for (const place of places()) {
      const record = await readPlace(journal, place, places)
      if (!record) return this.isLive(id)
      if (storedId(record) === id) return true
    }
    return false
  }
}
