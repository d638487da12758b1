/*
 * A contract in one home: its queue declared and its codecs loaded once, before the first use.
 * After that `ready` is true and nothing on the way of a message waits for either.
 */

import type { AnyContract } from '../contract/contract.ts'
import type { Accepted, Engine } from '../engine.ts'
import type { Bound } from './bound.ts'
import type { Log } from './log.ts'
import { Receipt } from './receipt.ts'
import type { Tracing } from './tracing.ts'
import type { Waits } from './waits.ts'

/** What all contracts of a home share. */
export type BoundParts = Pick<Bound, 'engine' | 'waits' | 'log' | 'tracing'>

export class BoundContract<C extends AnyContract = AnyContract> implements Bound<C> {
  readonly contract: C
  readonly engine: Engine
  readonly waits: Waits
  readonly log: Log
  readonly tracing: Tracing | undefined
  /** The queue exists and the codecs are loaded. */
  ready = false
  #prepared: Promise<void> | undefined
  #loaded: Promise<void> | undefined

  constructor(contract: C, { engine, waits, log, tracing }: BoundParts) {
    this.contract = contract
    this.engine = engine
    this.waits = waits
    this.log = log
    this.tracing = tracing
  }

  /** One function for all sends, so that a send makes no closure for it. */
  readonly toReceipt = (accepted: Accepted): Receipt<C> =>
    new Receipt<C>(this, accepted.id, accepted.duplicate, accepted.confirmedAtMs)

  /** A failure is not remembered: the next use tries again. */
  prepared(): Promise<void> {
    this.#prepared ??= this.#prepare().catch((error: unknown) => {
      this.#prepared = undefined
      throw error
    })
    return this.#prepared
  }

  async #prepare(): Promise<void> {
    await this.loaded()
    const { name, settings } = this.contract
    if (settings !== undefined || !(await this.#exists(name))) {
      await this.engine.declareQueue(name, settings ?? {})
    }
    this.ready = true
  }

  async #exists(name: string): Promise<boolean> {
    const queues = await this.engine.queues()
    return queues.some((queue) => queue.name === name)
  }

  loaded(): Promise<void> {
    this.#loaded ??= this.#load().catch((error: unknown) => {
      this.#loaded = undefined
      throw error
    })
    return this.#loaded
  }

  async #load(): Promise<void> {
    const { inputCodec, outputCodec } = this.contract
    await inputCodec.load?.()
    if (outputCodec !== inputCodec) await outputCodec.load?.()
  }
}
