/** A link of a {@link Chain}; it can be in one chain at a time. */
export interface Link<T> {
  before: T | undefined
  after: T | undefined
}

/**
 * Things in the order they were added, chained through themselves: on the hot path a set costs more
 * than what is kept in it.
 */
export class Chain<T extends Link<T>> implements Iterable<T> {
  #first: T | undefined
  #last: T | undefined
  size = 0

  add(one: T): void {
    one.before = this.#last
    if (this.#last) this.#last.after = one
    else this.#first = one
    this.#last = one
    this.size++
  }

  /** It must be in this chain. */
  delete(one: T): void {
    const { before, after } = one
    if (before) before.after = after
    else this.#first = after
    if (after) after.before = before
    else this.#last = before
    one.before = undefined
    one.after = undefined
    this.size--
  }

  /** Whoever walks may take out what was just given. */
  *[Symbol.iterator](): Iterator<T> {
    for (let one = this.#first; one; ) {
      const next: T | undefined = one.after
      yield one
      one = next
    }
  }
}
