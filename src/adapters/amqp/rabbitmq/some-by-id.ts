/** Some of a kind for each id: nearly always one, for which no set is made. */
export class SomeById<T extends object> {
  readonly #byId = new Map<string, T | Set<T>>()

  add(id: string, one: T): void {
    const others = this.#byId.get(id)
    if (others === undefined) this.#byId.set(id, one)
    else if (others instanceof Set) others.add(one)
    else this.#byId.set(id, new Set([others, one]))
  }

  delete(id: string, one: T): void {
    const others = this.#byId.get(id)
    const isLast = others instanceof Set ? others.delete(one) && others.size === 0 : others === one
    if (isLast) this.#byId.delete(id)
  }

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  of(id: string): readonly T[] {
    const found = this.#byId.get(id)
    if (found === undefined) return []
    return found instanceof Set ? [...found] : [found]
  }

  /** Those of the id, which are here no longer. */
  take(id: string): readonly T[] {
    const taken = this.of(id)
    this.#byId.delete(id)
    return taken
  }

  ids(): Iterable<string> {
    return this.#byId.keys()
  }
}
