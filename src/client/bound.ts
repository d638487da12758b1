import type { AnyContract } from '../contract/contract.ts'
import type { Engine } from '../engine.ts'
import type { Log } from './log.ts'
import type { Tracing } from './tracing.ts'
import type { Waits } from './waits.ts'

/** A contract with the engine it is used on: what reading an outcome needs. */
export interface Bound<C extends AnyContract = AnyContract> {
  readonly contract: C
  readonly engine: Engine
  readonly waits: Waits
  readonly log: Log
  /** Undefined where there are no traces. */
  readonly tracing: Tracing | undefined
  /** Resolves when the codecs can be used. */
  loaded(): Promise<void>
}
