import type { HeldDelivery } from './held-delivery.ts'
import type { QueueCounts } from './queue-counts.ts'

/** All deliveries that the consumers of one link hold, by message. */
export class HeldDeliveries {
  readonly #byId = new Map<string, Set<HeldDelivery>>()
  readonly #counts: QueueCounts
  #lastTag = 0
  readonly nextTag = (): number => ++this.#lastTag

  constructor(counts: QueueCounts) {
    this.#counts = counts
  }

  add(held: HeldDelivery): void {
    this.#counts.of(held.queue).delivered++
    const { id } = held.message
    const others = this.#byId.get(id)
    if (others === undefined) this.#byId.set(id, new Set([held]))
    else others.add(held)
  }

  delete(held: HeldDelivery): void {
    if (held.over === 'settled') this.#counts.of(held.queue).settled++
    const { id } = held.message
    const others = this.#byId.get(id)
    others?.delete(held)
    if (others?.size === 0) this.#byId.delete(id)
  }

  of(id: string): readonly HeldDelivery[] {
    const held = this.#byId.get(id)
    return held === undefined ? [] : [...held]
  }

  /** Somebody works on it, or may begin to. */
  isHeld(id: string): boolean {
    const held = this.#byId.get(id)
    if (held === undefined) return false
    for (const one of held) if (one.over === undefined) return true
    return false
  }

  countOf(queue: string): number {
    let count = 0
    for (const held of this.#byId.values()) {
      for (const one of held) if (one.queue === queue) count++
    }
    return count
  }
}
