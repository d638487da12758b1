/*
 * Everything at work in one home: which contract consumes from which queue, and closing it all.
 */

import type { AnyContract } from '../contract/contract.ts'
import { HomingError } from '../errors.ts'
import type { KeepAlive } from './keep-alive.ts'
import type { CloseOptions, Working } from './working.ts'

export class Workers {
  readonly #working = new Set<Working>()
  readonly #keepAlive: KeepAlive

  constructor(keepAlive: KeepAlive) {
    this.#keepAlive = keepAlive
  }

  /**
   * Fails with `contract-conflict` when another contract consumes from the queue: two handlers that
   * parse one queue differently would each get some of its messages.
   */
  checkContract(queue: string, contract: AnyContract): void {
    for (const working of this.#working) {
      if (working.queue !== queue || working.bound.contract === contract) continue
      throw new HomingError(
        'contract-conflict',
        `queue "${queue}" is consumed with another contract already; share one queue() object, or close the other consumer first`,
      )
    }
  }

  add(working: Working): Working {
    this.#working.add(working)
    this.#keepAlive.hold()
    return working
  }

  closed(working: Working): void {
    if (this.#working.delete(working)) this.#keepAlive.release()
  }

  async close(options: CloseOptions): Promise<void> {
    await Promise.all([...this.#working].map((working) => working.close(options)))
  }
}
