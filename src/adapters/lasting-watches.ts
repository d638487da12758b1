/*
 * Who waits for an outcome or watches progress, for as long as he wants to: on each link anew.
 */

import type { Link } from './link.ts'

/** Begins to wait on a link; returns how to stop. */
export type BeginWatch = (link: Link, watch: Watch) => () => void

export interface Watch {
  readonly begin: BeginWatch
  /** On the link of now. */
  stop: (() => void) | undefined
}

export class LastingWatches {
  readonly #watches = new Set<Watch>()
  #link: Link | undefined

  /** `begin` is called for each link, until the watch is removed. */
  add(begin: BeginWatch): Watch {
    const watch: Watch = { begin, stop: undefined }
    this.#watches.add(watch)
    if (this.#link !== undefined) watch.stop = begin(this.#link, watch)
    return watch
  }

  /** It has what it waited for. False when it was removed before. */
  ended(watch: Watch): boolean {
    return this.#watches.delete(watch)
  }

  remove(watch: Watch): void {
    if (this.#watches.delete(watch)) watch.stop?.()
  }

  resume(link: Link): void {
    this.#link = link
    for (const watch of this.#watches) watch.stop = watch.begin(link, watch)
  }

  lost(): void {
    this.#link = undefined
    for (const watch of this.#watches) watch.stop = undefined
  }

  end(): void {
    for (const watch of this.#watches) watch.stop?.()
    this.#watches.clear()
    this.#link = undefined
  }
}
