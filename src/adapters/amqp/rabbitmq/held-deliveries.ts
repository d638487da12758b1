import type { HeldDelivery } from './held-delivery.ts'
import type { QueueCounts } from './queue-counts.ts'
import { SomeById } from './some-by-id.ts'

/** All deliveries that the consumers of one link hold, by message. */
export class HeldDeliveries {
  readonly #byId = new SomeById<HeldDelivery>()
  readonly #counts: QueueCounts
  #lastTag = 0
  readonly nextTag = (): number => ++this.#lastTag

  constructor(counts: QueueCounts) {
    this.#counts = counts
  }

  add(held: HeldDelivery): void {
    this.#counts.of(held.queue).delivered++
    this.#byId.add(held.message.id, held)
  }

  delete(held: HeldDelivery): void {
    if (held.over === 'settled') this.#counts.of(held.queue).settled++
    this.#byId.delete(held.message.id, held)
  }

  of(id: string): readonly HeldDelivery[] {
    return this.#byId.of(id)
  }

  /** Somebody works on it, or may begin to. */
  isHeld(id: string): boolean {
    return this.of(id).some(({ over }) => over === undefined)
  }

  countOf(queue: string): number {
    let count = 0
    for (const id of this.#byId.ids()) {
      for (const one of this.of(id)) if (one.queue === queue) count++
    }
    return count
  }
}
