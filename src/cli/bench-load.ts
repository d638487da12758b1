import { Buffer } from 'node:buffer'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Home, homing, queue, text } from '../index.ts'
import { Latencies } from './latencies.ts'
import { countText } from './outcome-text.ts'
import { ProgressBar } from './progress-bar.ts'
import type { Terminal } from './terminal.ts'

export type Sync = 'always' | 'never'

const inFlight = 1_000
export const bodyBytes = 100
const warmUpCalls = 2_000

const trip = queue('bench.trip', { within: '10m' })
const parked = queue('bench.parked', { codec: text, within: '10m' })

/** The measurements, one after the other, in a directory of their own. */
export class BenchLoad {
  readonly #directory: string
  readonly #options: { readonly seconds: number; readonly sync: Sync }
  readonly #terminal: Terminal
  readonly #signal: AbortSignal

  constructor(
    directory: string,
    options: { readonly seconds: number; readonly sync: Sync },
    terminal: Terminal,
    signal: AbortSignal,
  ) {
    this.#directory = directory
    this.#options = options
    this.#terminal = terminal
    this.#signal = signal
  }

  async run(): Promise<ReadonlyMap<string, Latencies>> {
    const results = new Map<string, Latencies>()
    results.set('4 KiB write + fdatasync', await this.#disk())
    const home = await homing(join(this.#directory, 'data'), { sync: this.#options.sync })
    try {
      home.consume(trip, ({ input }) => input, { concurrency: inFlight, prefetch: 2 * inFlight })
      await this.#warmUp(home)
      const there = (n: number): Promise<unknown> => home.call(trip, { n, to: 'and back' })
      results.set('round trips, one at a time', await this.#measure('round trips', 1, there))
      const many = `round trips, ${countText(inFlight)} in flight`
      results.set(many, await this.#measure('round trips', inFlight, there))
      const body = 'x'.repeat(bodyBytes)
      const sends = `confirmed sends, ${countText(inFlight)} in flight`
      results.set(sends, await this.#measure('sends', inFlight, () => home.send(parked, body)))
    } finally {
      await home.close()
    }
    return results
  }

  /** Code is compiled while it runs: the first calls are slower than all later ones. */
  async #warmUp(home: Home): Promise<void> {
    await home.callAll(
      trip,
      Array.from({ length: warmUpCalls }, (_, n) => ({ n })),
    )
  }

  async #disk(): Promise<Latencies> {
    const file = await open(join(this.#directory, 'disk'), 'wx')
    const block = Buffer.alloc(4096, 1)
    let at = 0
    try {
      return await this.#measure('disk', 1, async () => {
        await file.write(block, 0, block.length, at)
        at += block.length
        await file.datasync()
      })
    } finally {
      await file.close()
    }
  }

  /** So many at once, each followed by the next, for the time there is. */
  async #measure(
    title: string,
    atOnce: number,
    act: (n: number) => Promise<unknown>,
  ): Promise<Latencies> {
    using bar = new ProgressBar(this.#terminal, title)
    const { seconds } = this.#options
    const taken = new Latencies()
    const startedAtMs = performance.now()
    const endAtMs = startedAtMs + seconds * 1_000
    let n = 0
    const lane = async (): Promise<void> => {
      while (!this.#signal.aborted) {
        const beganAtMs = performance.now()
        if (beganAtMs >= endAtMs) return
        await act(n++)
        const nowMs = performance.now()
        taken.add(nowMs - beganAtMs)
        bar.show(nowMs - startedAtMs, seconds * 1_000, () => `${countText(taken.count)} done`)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
    return taken.end()
  }
}
