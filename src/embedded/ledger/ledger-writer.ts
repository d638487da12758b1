/*
 * What the ledger's worker is asked, and when.
 *
 *   idle ── fed ──▶ lingering ── 5 ms, or plenty ──▶ busy ── nothing left ──▶ idle
 *                                                     │ ▲
 *                                              locked, full ── pause, again
 *                                                     │
 *                                               failed: for good
 *
 * Each turn of `busy` gives one request to each who wants: somebody who asked (flush, forget), the
 * chunk gathered so far, retention when it is due. So none of them starves the others.
 */

import { systemClock, type Timer } from '../../clock.ts'
import { HomingError } from '../../errors.ts'
import { inPages } from './in-pages.ts'
import type { LedgerBatch, Retention } from './ledger.ts'
import { noteDamage } from './ledger-file.ts'
import { type LedgerChunk, LedgerIntake } from './ledger-intake.ts'
import type { LedgerFacts, LedgerReply, LedgerRequest } from './ledger-request.ts'
import { type LedgerTrouble, troubleError } from './ledger-trouble.ts'
import { WorkerChannel } from './worker-channel.ts'

export interface LedgerWriterOptions {
  readonly path: string
  readonly retention: Retention
  /** How long a close goes on trying while the ledger is locked or the disk full. */
  readonly patienceMs: number
  /** Undefined when there is no database yet. */
  readonly appliedLsn: number | undefined
  readonly onApplied: (lsn: number) => void
  readonly onStalled: (error: HomingError) => void
  readonly onFailed: (error: HomingError) => void
}

type Asked = (LedgerRequest & { kind: 'flush' | 'forget' }) & {
  readonly resolve: (facts: LedgerFacts) => void
  readonly reject: (error: HomingError) => void
}

// Unbuilt this file is .ts and so is the worker's; built, both are .js.
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const workerFile = new URL(`./ledger-worker.${extension}`, import.meta.url)

/** Waiting this long for more makes a slow trickle of outcomes cost one transaction in 5 ms. */
const lingerMs = 5
const forgetRows = 5_000
const pauseMsMin = 100
const pauseMsMax = 5_000

export class LedgerWriter {
  readonly #options: LedgerWriterOptions
  readonly #channel: WorkerChannel<LedgerRequest, LedgerReply>
  readonly #intake = new LedgerIntake()
  #asked: Asked[] = []
  #isStored: boolean
  #fedLsn: number
  #safeLsn = 0
  #appliedLsn: number
  #lagBytes = 0
  #linger: Timer | undefined
  #isBusy = false
  #worked: Promise<void> = Promise.resolve()
  #due: (LedgerRequest & { kind: 'forget' }) | undefined
  #stalled: HomingError | undefined
  #wake: (() => void) | undefined
  #failure: HomingError | undefined
  #closing: number | undefined

  constructor(options: LedgerWriterOptions) {
    this.#options = options
    this.#channel = new WorkerChannel(workerFile, { path: options.path })
    this.#isStored = options.appliedLsn !== undefined
    this.#fedLsn = options.appliedLsn ?? 0
    this.#appliedLsn = this.#fedLsn
  }

  /** Whether there is a database to read. */
  get isStored(): boolean {
    return this.#isStored
  }

  get lagBytes(): number {
    return this.#lagBytes
  }

  feed(batch: LedgerBatch): void {
    if (this.#closing !== undefined || batch.lastLsn <= this.#fedLsn) return
    this.#fedLsn = batch.lastLsn
    this.#lagBytes += batch.events.length
    if (this.#failure !== undefined) return
    this.#intake.push(batch)
    if (this.#isBusy) return
    if (this.#intake.isPlenty) this.#work()
    else this.#linger ??= systemClock.after(lingerMs, () => this.#work())
  }

  /** Never rejects: when nothing can be made safe now, what was safe before is the answer. */
  async flushed(): Promise<number> {
    if (this.#isStored && this.#safeLsn < this.#appliedLsn && this.#canAsk()) {
      try {
        const { appliedLsn } = await this.#ask({ kind: 'flush' })
        this.#safeLsn = Math.max(this.#safeLsn, appliedLsn)
      } catch {
        // Stalled, failed or closed meanwhile, which is told elsewhere: what was safe before still is.
      }
    }
    return this.#safeLsn
  }

  async forget(nowMs: number): Promise<number> {
    const isEmpty = !this.#isStored && this.#fedLsn === 0
    if (isEmpty && this.#canAsk()) return 0
    const { retainMs, retainCount } = this.#options.retention
    const request = { kind: 'forget', beforeMs: nowMs - retainMs, keepCount: retainCount } as const
    return inPages(forgetRows, async () => {
      const { rows } = await this.#ask({ ...request, rows: forgetRows })
      return rows
    })
  }

  /** Rejects when what was fed could not be stored; the journal still has it then. */
  async close(): Promise<void> {
    this.#closing = systemClock.monotonicMs()
    this.#channel.hold()
    this.#wake?.()
    this.#work()
    await this.#worked
    if (this.#channel.isStarted && this.#failure === undefined)
      await this.#settle(this.#channel.ask({ kind: 'close' }))
    await this.#channel.terminate()
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Nothing more is stored. */
  fail(trouble: LedgerTrouble): void {
    if (this.#failure !== undefined) return
    const { path } = this.#options
    if (trouble.severity === 'damaged') noteDamage(path, trouble.text)
    const heals = '; restart, and it is moved aside and filled from what the journal still has'
    const text = trouble.severity === 'damaged' ? trouble.text + heals : trouble.text
    const failure = troubleError({ ...trouble, text })
    this.#giveUp(failure)
    this.#options.onFailed(failure)
  }

  /** While it closes nothing is lost by this: the journal still has what was fed, and the next start feeds it. */
  #giveUp(failure: HomingError): void {
    this.#failure = failure
    this.#intake.clear()
    this.#due = undefined
    this.#refuseAsked(failure)
  }

  #canAsk(): boolean {
    return this.#failure === undefined && this.#stalled === undefined && this.#closing === undefined
  }

  async #ask(request: LedgerRequest & { kind: 'flush' | 'forget' }): Promise<LedgerFacts> {
    const refusal = this.#failure ?? this.#stalled
    if (refusal !== undefined) throw refusal
    if (this.#closing !== undefined) throw closedError(this.#options.path)
    this.#channel.hold()
    try {
      return await new Promise<LedgerFacts>((resolve, reject) => {
        this.#asked.push({ ...request, resolve, reject })
        this.#work()
      })
    } finally {
      this.#channel.release()
    }
  }

  #work(): void {
    this.#linger?.cancel()
    this.#linger = undefined
    if (!this.#isBusy) this.#worked = this.#workThrough()
  }

  async #workThrough(): Promise<void> {
    this.#isBusy = true
    while (this.#failure === undefined) {
      const asked = this.#asked.shift()
      if (asked !== undefined) await this.#serve(asked)
      const chunk = this.#intake.take()
      if (chunk !== undefined) await this.#store(chunk)
      const isDue = this.#due !== undefined && this.#closing === undefined
      if (isDue) await this.#forgetDue()
      if (asked === undefined && chunk === undefined && !isDue) break
    }
    // In the same turn in which nothing was left: what comes next starts over.
    this.#isBusy = false
  }

  async #serve(asked: Asked): Promise<void> {
    const { resolve, reject, ...request } = asked
    const reply = await this.#settle(this.#channel.ask(request))
    if (reply?.ok) resolve(this.#learn(reply.facts))
    else if (reply !== undefined) reject(troubleError(reply.trouble))
    else reject(this.#failure ?? closedError(this.#options.path))
  }

  async #store(chunk: LedgerChunk): Promise<void> {
    let pauseMs = pauseMsMin
    for (;;) {
      const reply = await this.#settle(
        this.#channel.ask({ kind: 'apply', ...chunk }, [chunk.events]),
      )
      if (reply === undefined) return
      if (reply.events !== undefined) chunk.events = reply.events
      if (reply.ok) {
        this.#stored(chunk, reply.facts)
        return
      }
      this.#stall(troubleError(reply.trouble))
      if (this.#triedLongEnough()) {
        this.#giveUp(troubleError(reply.trouble))
        return
      }
      await this.#pause(this.#closing === undefined ? pauseMs : pauseMsMin)
      // Reading may have met damage meanwhile.
      if (this.#failure !== undefined) return
      pauseMs = Math.min(pauseMs * 2, pauseMsMax)
    }
  }

  #stored(chunk: LedgerChunk, facts: LedgerFacts): void {
    this.#stalled = undefined
    this.#isStored = true
    this.#lagBytes -= chunk.length
    this.#intake.giveBack(chunk.events)
    this.#learn(facts)
    const { retainMs, retainCount } = this.#options.retention
    const beforeMs = facts.newestMs - retainMs
    if (facts.outcomes > retainCount || facts.oldestMs < beforeMs) {
      const rows = Math.max(forgetRows, 2 * facts.rows)
      // The time of what is fed is time enough: an old outcome fed again forgets nothing early.
      this.#due = { kind: 'forget', beforeMs, keepCount: retainCount, rows }
    }
    this.#options.onApplied(facts.appliedLsn)
  }

  async #forgetDue(): Promise<void> {
    const due = this.#due
    if (due === undefined) return
    const reply = await this.#settle(this.#channel.ask(due))
    // A full disk or a lock is met again, and told, by the next chunk.
    if (reply === undefined || !reply.ok || reply.facts.rows < due.rows) this.#due = undefined
  }

  /** The reply, or undefined after failing for good. */
  async #settle(asked: Promise<LedgerReply>): Promise<LedgerReply | undefined> {
    try {
      const reply = await asked
      if (reply.ok || reply.trouble.severity === 'stall') return reply
      this.fail(reply.trouble)
    } catch (error) {
      const text = `the worker thread of ${this.#options.path} stopped (${String(error)}); restart, and the ledger is filled up from the journal`
      this.fail({ severity: 'fatal', code: 'ledger-unavailable', text })
    }
    return undefined
  }

  get appliedLsn(): number {
    return this.#appliedLsn
  }

  #learn(facts: LedgerFacts): LedgerFacts {
    this.#isStored = true
    this.#appliedLsn = facts.appliedLsn
    return facts
  }

  #stall(error: HomingError): void {
    const begins = this.#stalled === undefined
    this.#stalled = error
    this.#refuseAsked(error)
    if (begins) this.#options.onStalled(error)
  }

  #refuseAsked(error: HomingError): void {
    for (const { reject } of this.#asked.splice(0)) reject(error)
  }

  #triedLongEnough(): boolean {
    return (
      this.#closing !== undefined &&
      systemClock.monotonicMs() - this.#closing >= this.#options.patienceMs
    )
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = systemClock.after(ms, resolve)
      this.#wake = () => {
        timer.cancel()
        resolve()
      }
    })
  }
}

const closedError = (path: string): HomingError =>
  new HomingError('closed', `the ledger ${path} is closed`)
