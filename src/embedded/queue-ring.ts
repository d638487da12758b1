import type { QueueSample } from './figures-port.ts'

/** Queues of which a history is kept. */
export const queuesMax = 1_000

const names = [
  'published',
  'delivered',
  'settled',
  'outcomes',
  'failed',
  'ready',
  'unsettled',
  'delayed',
] as const

/** The samples of one queue in a row of numbers; those that were never set are 0. */
export class QueueRing {
  readonly #numbers: Float32Array
  readonly #count: number
  /** The number of the first sample that was set; before it the queue was idle or not there. */
  #first: number | undefined

  constructor(count: number) {
    this.#count = count
    this.#numbers = new Float32Array(count * names.length)
  }

  set(number: number, sample: QueueSample): void {
    this.#first ??= number
    const from = (number % this.#count) * names.length
    for (const [n, name] of names.entries()) this.#numbers[from + n] = sample[name]
  }

  get(number: number, atMs: number): QueueSample {
    const isSet = this.#first !== undefined && number >= this.#first
    const from = (number % this.#count) * names.length
    const of = (n: number): number => (isSet ? (this.#numbers[from + n] as number) : 0)
    return {
      atMs,
      published: of(0),
      delivered: of(1),
      settled: of(2),
      outcomes: of(3),
      failed: of(4),
      ready: of(5),
      unsettled: of(6),
      delayed: of(7),
    }
  }
}
