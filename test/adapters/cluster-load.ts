/*
 * Programs of one RabbitMQ cluster, by the door, while its nodes are stopped and killed.
 *
 *   shop  ── sends, waits, is called back ──▶ ┌─────────┐ ──▶ worker 0   answers what no other attempt answers,
 *   asker ── sends some under the same id ──▶ │ cluster │ ──▶ worker 1   fails now and then
 *         ── waits for what the shop sent     └─────────┘
 *                                                         the ledger is shared
 *
 * Nothing may fail: two of three nodes are enough, and whoever calls waits for the next connection.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type BoundCallback, type Home, homing, queue } from '../../src/index.ts'
import { judgeSends, type Sent } from './cluster-judge.ts'

const work = queue('cluster-work', {
  input: z.object({ n: z.int() }),
  output: z.object({ by: z.string() }),
  errors: { Refused: z.object({ by: z.string() }) },
  within: '10m',
  timeout: '20s',
  retry: { attempts: 50, backoff: '50ms' },
})

type Target = BoundCallback<typeof work>

export interface LoadOptions {
  readonly urls: readonly string[]
  readonly ledger: string
  /** Milliseconds between two sends. */
  readonly everyMs: number
}

export interface LoadResult {
  readonly violations: readonly string[]
  readonly sent: number
  /** Runs of handlers. */
  readonly attempts: number
  /** Handlers begun after their message's outcome was told. */
  readonly workedInVain: number
  /** Calls of the callback. */
  readonly called: number
  readonly connectionsLost: number
  /** From the call of `send` to its outcome, ascending. */
  readonly roundTripsMs: readonly number[]
  /** The longest time in which nothing was confirmed. */
  readonly longestGapMs: number
}

const homeMsMax = 60_000

export class ClusterLoad {
  readonly #options: LoadOptions
  readonly #homes: Home[] = []
  readonly #sent = new Map<string, Sent>()
  readonly #problems: string[] = []
  readonly #sends: Promise<void>[] = []
  readonly #roundTripsMs: number[] = []
  readonly #known = new Set<string>()
  #attempts = 0
  #workedInVain = 0
  #called = 0
  #connectionsLost = 0
  #longestGapMs = 0
  #confirmedAtMs = 0
  #sending = true
  #loop: Promise<void> | undefined

  private constructor(options: LoadOptions) {
    this.#options = options
  }

  static async start(options: LoadOptions): Promise<ClusterLoad> {
    const load = new ClusterLoad(options)
    await load.#start()
    return load
  }

  async #start(): Promise<void> {
    const workers = await Promise.all(['worker 0', 'worker 1'].map(() => this.#open()))
    for (const [n, worker] of workers.entries()) this.#work(worker, `worker ${n}`)
    const shop = await this.#open('shop')
    const asker = await this.#open()
    const callback = shop.callback(
      'cluster.done',
      work,
      (outcome, { context }) => {
        this.#called++
        this.#sent.get(context.id)?.called.push(pictureOf(outcome))
      },
      { context: z.object({ id: z.string() }), concurrency: 20 },
    )
    this.#loop = this.#sendAll(shop, asker, (id) => callback.with({ id }))
  }

  async #open(name?: string): Promise<Home> {
    const { urls, ledger } = this.#options
    const warn = (_: object, text: string): void => {
      if (/was lost/.test(text)) this.#connectionsLost++
      if (process.env.HOMING_SHOW_PROBLEMS === '1') console.error(`${stamp()} ${text}`)
    }
    const log = { debug: () => {}, info: () => {}, warn, error: warn }
    const home = await homing(urls, { ledger, log, ...(name !== undefined && { name }) })
    this.#homes.push(home)
    return home
  }

  #work(home: Home, name: string): void {
    home.consume(
      work,
      async ({ id, input: { n }, attempt, fail }) => {
        const by = `${name}, attempt ${++this.#attempts}`
        if (this.#known.has(id)) this.#workedInVain++
        await sleep(n % 23)
        if (n % 13 === 0 && attempt === 1) throw new Error('try again')
        if (n % 17 === 0) throw fail('Refused', { by })
        return { by }
      },
      { concurrency: 20 },
    )
  }

  async #sendAll(shop: Home, asker: Home, target: (id: string) => Target): Promise<void> {
    this.#confirmedAtMs = performance.now()
    for (let n = 0; this.#sending; n++) {
      this.#sends.push(this.#sendOne(shop, asker, n, target(`order:${n}`)))
      await sleep(this.#options.everyMs)
    }
  }

  async #sendOne(shop: Home, asker: Home, n: number, callback: Target): Promise<void> {
    const id = `order:${n}`
    const sent: Sent = { told: [], called: [], firsts: 0, problems: [] }
    this.#sent.set(id, sent)
    const send = async (home: Home): Promise<void> => {
      const beganMs = performance.now()
      const receipt = await home.send(work, { n }, { id, callback })
      this.#confirmed()
      if (!receipt.duplicate) sent.firsts++
      sent.told.push(pictureOf(await receipt.outcome()))
      this.#known.add(id)
      this.#roundTripsMs.push(performance.now() - beganMs)
    }
    const watch = async (): Promise<void> => {
      await send(shop)
      sent.told.push(pictureOf(await asker.receipt(work, id).outcome()))
    }
    const both = n % 9 === 0 ? [watch(), send(asker)] : [watch()]
    const failed = (await Promise.allSettled(both)).filter(({ status }) => status === 'rejected')
    for (const one of failed) {
      sent.problems.push(String((one as PromiseRejectedResult).reason))
    }
  }

  #confirmed(): void {
    const nowMs = performance.now()
    this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - this.#confirmedAtMs)
    this.#confirmedAtMs = nowMs
  }

  /** How many sends were begun. */
  get size(): number {
    return this.#sent.size
  }

  /** No more is sent; everything comes home, everybody is asked, and all homes are closed. */
  async finish(): Promise<LoadResult> {
    this.#sending = false
    await this.#loop
    const late = sleep(homeMsMax, 'late', { ref: false })
    if ((await Promise.race([Promise.all(this.#sends), late])) === 'late') {
      this.#problems.push(`not every outcome came home within ${homeMsMax} ms`)
    }
    await this.#everyCallback()
    const stands = await this.#answers()
    await Promise.all(this.#homes.map((home) => home.close()))
    return {
      violations: [...this.#problems, ...judgeSends(this.#sent, stands)],
      sent: this.#sent.size,
      ...{ attempts: this.#attempts, workedInVain: this.#workedInVain, called: this.#called },
      connectionsLost: this.#connectionsLost,
      roundTripsMs: this.#roundTripsMs.toSorted((a, b) => a - b),
      longestGapMs: this.#longestGapMs,
    }
  }

  /** As long as it takes; who is never called is found by the judge. */
  async #everyCallback(): Promise<void> {
    const uncalled = (): boolean => [...this.#sent.values()].some(({ called }) => !called.length)
    for (let ms = 0; ms < homeMsMax && uncalled(); ms += 50) await sleep(50)
  }

  /** What a program is told that comes when all is over. */
  async #answers(): Promise<ReadonlyMap<string, string>> {
    const home = await this.#open()
    const answers = new Map<string, string>()
    for (const id of this.#sent.keys()) {
      const answer = await home.receipt(work, id).answer()
      answers.set(id, answer.state === 'final' ? pictureOf(answer.outcome) : answer.state)
    }
    return answers
  }
}

/** Of an outcome, what says which one it is. */
function pictureOf(outcome: {
  readonly ok: boolean
  readonly value?: unknown
  readonly error?: { readonly code: string; readonly data?: unknown }
}): string {
  const { ok, value, error } = outcome
  return JSON.stringify(ok ? value : { code: error?.code, data: error?.data })
}

const stamp = (): string => (performance.now() / 1_000).toFixed(1)
