/*
 * What every client program of this folder does besides using its client: print the checks that
 * held, and ask the test for what it cannot do itself.
 */

import assert from 'node:assert/strict'
import { once } from 'node:events'

export const amqpUrl = process.env.AMQP_URL ?? 'amqp://guest:guest@127.0.0.1:5672'

/** Of bodies that must arrive whole: none, one byte, just one frame, just two, many. */
export const bodySizes = [0, 1, 131_064, 131_065, 1_000_000]

export const bodyOf = (bytes: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: bytes }, (_, index) => (index * 7 + bytes) % 256))

export function passed(check: string, details: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify({ check, ...details })}\n`)
}

/** Resolves when the test has done it. */
export async function ask(what: 'cut' | 'restart'): Promise<void> {
  process.stdout.write(`${JSON.stringify({ ask: what })}\n`)
  process.stdin.resume()
  await once(process.stdin, 'data')
  process.stdin.pause()
}

/** Things that arrive one by one, in the order in which they come. */
export class Arrivals<T> {
  readonly #arrived: T[] = []
  #waiting: ((item: T) => void) | undefined

  readonly add = (item: T): void => {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) this.#arrived.push(item)
    else waiting(item)
  }

  get count(): number {
    return this.#arrived.length
  }

  async next(): Promise<T> {
    const item = this.#arrived.shift()
    if (item !== undefined) return item
    assert.equal(this.#waiting, undefined)
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }
}
