import type { HeldDelivery } from './held-delivery.ts'
import type { QueueCounts } from './queue-counts.ts'

/** All deliveries that the consumers of one link hold, by message. */
export class HeldDeliveries {
  /** Nearly always one. */
  readonly #byId = new Map<string, HeldDelivery | Set<HeldDelivery>>()
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
    if (others === undefined) this.#byId.set(id, held)
    else if (others instanceof Set) others.add(held)
    else this.#byId.set(id, new Set([others, held]))
  }

  delete(held: HeldDelivery): void {
    if (held.over === 'settled') this.#counts.of(held.queue).settled++
    const { id } = held.message
    const others = this.#byId.get(id)
    const isLast =
      others instanceof Set ? others.delete(held) && others.size === 0 : others === held
    if (isLast) this.#byId.delete(id)
  }

  of(id: string): readonly HeldDelivery[] {
    const held = this.#byId.get(id)
    if (held === undefined) return []
    return held instanceof Set ? [...held] : [held]
  }

  /** Somebody works on it, or may begin to. */
  isHeld(id: string): boolean {
    return this.of(id).some(({ over }) => over === undefined)
  }

  countOf(queue: string): number {
    let count = 0
    for (const id of this.#byId.keys()) {
      for (const one of this.of(id)) if (one.queue === queue) count++
    }
    return count
  }
}
