/*
 * Topic patterns as one tree of words, matched by walking a set of places.
 *
 *   patterns  a.*.c   a.#   #.c            root ─ a ─┬─ * ─ c ●
 *                                            │       └─ # ●
 *   '*' is exactly one word,                 └─ # ─ c ●
 *   '#' is zero or more
 *
 * Rule: for each word of the key, every place that can be reached is in the set once, whichever way
 * led there. So a key costs at most its words times the places of the tree, and no pattern, however
 * many '#' it has, makes the walk try again what it has tried (no backtracking).
 * A key is cut at its dots: `a..b` has an empty word in the middle, the empty key has no word.
 */

interface Place<Item> {
  readonly isHash: boolean
  readonly words: Map<string, Place<Item>>
  star: Place<Item> | undefined
  hash: Place<Item> | undefined
  readonly items: Set<Item>
  /** Number of the walk step that came here last. */
  step: number
}

const newPlace = <Item>(isHash: boolean): Place<Item> => ({
  isHash,
  words: new Map(),
  star: undefined,
  hash: undefined,
  items: new Set(),
  step: 0,
})

export class TopicTrie<Item> {
  readonly #root = newPlace<Item>(false)
  #step = 0

  add(pattern: string, item: Item): void {
    let place = this.#root
    for (const word of patternWords(pattern)) place = child(place, word) ?? grow(place, word)
    place.items.add(item)
  }

  delete(pattern: string, item: Item): void {
    const words = patternWords(pattern)
    const way = [this.#root]
    for (const word of words) {
      const next = child(way.at(-1) as Place<Item>, word)
      if (next === undefined) return
      way.push(next)
    }
    way.at(-1)?.items.delete(item)
    for (let n = words.length; n > 0 && isBare(way[n] as Place<Item>); n--)
      cut(way[n - 1] as Place<Item>, words[n - 1] as string)
  }

  /** Calls with every item whose pattern matches, each item once a pattern. */
  match(routingKey: string, matched: (item: Item) => void): void {
    this.#step++
    let places: Place<Item>[] = []
    this.#enter(this.#root, places)
    for (const word of wordsOf(routingKey)) {
      if (places.length === 0) return
      places = this.#after(word, places)
    }
    for (const place of places) for (const item of place.items) matched(item)
  }

  #after(word: string, places: readonly Place<Item>[]): Place<Item>[] {
    this.#step++
    const next: Place<Item>[] = []
    for (const place of places) {
      if (place.isHash) this.#enter(place, next)
      const named = place.words.get(word)
      if (named !== undefined) this.#enter(named, next)
      if (place.star !== undefined) this.#enter(place.star, next)
    }
    return next
  }

  #enter(place: Place<Item>, into: Place<Item>[]): void {
    if (place.step === this.#step) return
    place.step = this.#step
    into.push(place)
    // Zero words lead on behind a '#'.
    if (place.hash !== undefined) this.#enter(place.hash, into)
  }
}

function wordsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split('.')
}

/** A '#' right behind another adds nothing. */
function patternWords(pattern: string): readonly string[] {
  return wordsOf(pattern).filter((word, n, words) => word !== '#' || words[n - 1] !== '#')
}

function child<Item>(place: Place<Item>, word: string): Place<Item> | undefined {
  if (word === '#') return place.hash
  return word === '*' ? place.star : place.words.get(word)
}

function grow<Item>(place: Place<Item>, word: string): Place<Item> {
  const grown = newPlace<Item>(word === '#')
  if (word === '#') place.hash = grown
  else if (word === '*') place.star = grown
  else place.words.set(word, grown)
  return grown
}

function cut<Item>(place: Place<Item>, word: string): void {
  if (word === '#') place.hash = undefined
  else if (word === '*') place.star = undefined
  else place.words.delete(word)
}

const isBare = <Item>(place: Place<Item>): boolean =>
  place.items.size === 0 &&
  place.words.size === 0 &&
  place.star === undefined &&
  place.hash === undefined
