import type { AnyContract } from '../contract/contract.ts'
import { HomingError } from '../errors.ts'
import { BoundContract, type BoundParts } from './bound-contract.ts'
import { insideHandler } from './running-work.ts'

/** The contracts used in one home, as long as it is open. */
export class Bindings {
  readonly #parts: BoundParts
  readonly #bound = new WeakMap<AnyContract, BoundContract>()
  state: 'open' | 'closing' | 'closed' = 'open'

  constructor(parts: BoundParts) {
    this.#parts = parts
  }

  /** Fails with `closed`, and with `bad-argument` for what is no contract. */
  of<C extends AnyContract>(contract: C): BoundContract<C> {
    this.checkOpen()
    const known = this.#bound.get(contract)
    if (known !== undefined) return known as BoundContract<C>
    if (typeof contract !== 'object' || contract?.inputCodec === undefined) {
      throw new HomingError(
        'bad-argument',
        `the contract is ${contract === null ? 'null' : typeof contract}; make one with queue('name', { … })`,
      )
    }
    const bound = new BoundContract<C>(contract, this.#parts)
    this.#bound.set(contract, bound as unknown as BoundContract)
    return bound
  }

  /** While closing, handlers may finish what they do; nobody else begins anything. */
  checkOpen(): void {
    if (this.state === 'open' || (this.state === 'closing' && insideHandler())) return
    throw new HomingError('closed', 'the home is closed; open it again with homing()')
  }
}
