/** A binary heap; `before` says which of two comes out first. */
export class Heap<T> {
  readonly #items: T[] = []
  readonly #before: (a: T, b: T) => boolean

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before
  }

  get size(): number {
    return this.#items.length
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  /** All of them, the first one first, left where they are; must not change meanwhile. */
  *inOrder(): Generator<T> {
    const items = this.#items
    const next = new Heap<number>((a, b) => this.#before(items[a] as T, items[b] as T))
    if (items.length > 0) next.push(0)
    for (let at = next.pop(); at !== undefined; at = next.pop()) {
      yield items[at] as T
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < items.length) next.push(child)
    }
  }

  /** Forgets all others, once they are many. */
  keepOnly(kept: (item: T) => boolean): void {
    this.replaceAll(this.#items.filter(kept))
  }

  /** Forgets all there were, for these. */
  replaceAll(items: Iterable<T>): void {
    this.#items.length = 0
    for (const item of items) this.push(item)
  }

  push(item: T): void {
    const items = this.#items
    let at = items.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#before(item, items[parent] as T)) break
      items[at] = items[parent] as T
      at = parent
    }
    items[at] = item
  }

  pop(): T | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && this.#before(items[child + 1] as T, items[child] as T))
        child++
      if (!this.#before(items[child] as T, last)) break
      items[at] = items[child] as T
      at = child
    }
    items[at] = last
    return top
  }
}
