/*
 * Group commit for calls of one kind: while a batch is under way, what is asked gathers for the next.
 * So load makes batches larger and not the queue longer, and each batch is one transaction.
 */

import { systemClock } from '../../clock.ts'

interface Asked<Item, Answer> {
  readonly items: readonly Item[]
  readonly resolve: (answers: Answer[]) => void
  readonly reject: (error: unknown) => void
}

export interface LaneLimits<Item> {
  readonly itemsMax: number
  readonly bytesMax: number
  readonly bytesOf: (item: Item) => number
}

export class Lane<Item, Answer> {
  readonly #work: (items: readonly Item[]) => Promise<readonly Answer[]>
  readonly #limits: LaneLimits<Item>
  #gathered: Asked<Item, Answer>[] = []
  #isBusy = false

  constructor(
    work: (items: readonly Item[]) => Promise<readonly Answer[]>,
    limits: LaneLimits<Item>,
  ) {
    this.#work = work
    this.#limits = limits
  }

  /** Answers in the order of the items. */
  ask(items: readonly Item[]): Promise<Answer[]> {
    if (items.length === 0) return Promise.resolve([])
    const { promise, resolve, reject } = Promise.withResolvers<Answer[]>()
    this.#gathered.push({ items, resolve, reject })
    if (!this.#isBusy) void this.#drain()
    return promise
  }

  async #drain(): Promise<void> {
    this.#isBusy = true
    // What else is asked in this turn of the event loop goes along.
    await new Promise<void>((resume) => systemClock.soon(resume))
    while (this.#gathered.length > 0) await this.#runBatch(this.#take())
    this.#isBusy = false
  }

  /** One at least, however large it is. */
  #take(): Asked<Item, Answer>[] {
    const { itemsMax, bytesMax, bytesOf } = this.#limits
    let items = 0
    let bytes = 0
    let count = 0
    for (const asked of this.#gathered) {
      items += asked.items.length
      for (const item of asked.items) bytes += bytesOf(item)
      if (count > 0 && (items > itemsMax || bytes > bytesMax)) break
      count++
    }
    return this.#gathered.splice(0, count)
  }

  async #runBatch(batch: readonly Asked<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.#work(batch.flatMap(({ items }) => items))
      let from = 0
      for (const { items, resolve } of batch) {
        resolve(answers.slice(from, from + items.length))
        from += items.length
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
}
