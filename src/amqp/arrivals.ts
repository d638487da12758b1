/*
 * How many connections there are, by address, and how many of them are not let in yet.
 *
 *   arrived ─▶ counted twice: among all, and among those without a login ─▶ opened ─▶ among all ─▶ left
 *
 * Rule: one address cannot keep the others out, and who has no login cannot keep out who has.
 */

import { limits } from '../limits.ts'

export interface ArrivalLimits {
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number
  readonly handshakesMax: number
  readonly handshakesPerAddressMax: number
}

/** One that was let as far as the door. */
export interface Arrival {
  /** It has logged in. */
  opened(): void
  left(): void
}

export class Arrivals {
  #limits: ArrivalLimits
  readonly #byAddress = new Map<string, number>()
  readonly #handshakesByAddress = new Map<string, number>()
  #count = 0
  #handshakes = 0

  constructor(given: Partial<ArrivalLimits> = {}) {
    this.#limits = { ...limits, ...given }
  }

  get count(): number {
    return this.#count
  }

  /** For those who come from now on. */
  setLimits(given: Partial<ArrivalLimits> = {}): void {
    this.#limits = { ...limits, ...given }
  }

  /** Undefined when there are too many, with the reason in `refused`. */
  arrive(address: string, refused: (why: string) => void): Arrival | undefined {
    const why = this.#refusal(address)
    if (why !== undefined) {
      refused(why)
      return undefined
    }
    this.#count++
    this.#handshakes++
    add(this.#byAddress, address, 1)
    add(this.#handshakesByAddress, address, 1)
    let isOpened = false
    let hasLeft = false
    const opened = (): void => {
      if (isOpened) return
      isOpened = true
      this.#handshakes--
      add(this.#handshakesByAddress, address, -1)
    }
    const left = (): void => {
      if (hasLeft) return
      hasLeft = true
      opened()
      this.#count--
      add(this.#byAddress, address, -1)
    }
    return { opened, left }
  }

  #refusal(address: string): string | undefined {
    const { connectionsMax, connectionsPerAddressMax } = this.#limits
    const { handshakesMax, handshakesPerAddressMax } = this.#limits
    if (this.#count >= connectionsMax) return `there are ${connectionsMax} connections`
    if ((this.#byAddress.get(address) ?? 0) >= connectionsPerAddressMax)
      return `there are ${connectionsPerAddressMax} connections from this address`
    if (this.#handshakes >= handshakesMax)
      return `${handshakesMax} connections have not logged in yet`
    if ((this.#handshakesByAddress.get(address) ?? 0) >= handshakesPerAddressMax)
      return `${handshakesPerAddressMax} connections from this address have not logged in yet`
    return undefined
  }
}

function add(counts: Map<string, number>, address: string, change: number): void {
  const count = (counts.get(address) ?? 0) + change
  if (count > 0) counts.set(address, count)
  else counts.delete(address)
}
