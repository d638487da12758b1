/*
 * Keeps books on many messages while things break: what each settle was told, and each waiter.
 *
 * Rule: each id has one outcome, its waiter is told once, and the attempt whose settle was accepted is
 * the one whose answer the outcome is. No settle that was told "late" stands.
 */

import assert from 'node:assert/strict'
import type { Engine } from '../../engine.ts'
import type { Delivery } from '../../message/delivery.ts'
import { answerOf, textOf } from './pieces.ts'

export class Tally {
  /** Ids whose waiter was told, and settles not yet answered. */
  told = 0
  open = 0
  readonly #outcomes = new Map<string, string[]>()
  readonly #accepted = new Map<string, string[]>()
  readonly #late = new Map<string, string[]>()
  readonly #failed: unknown[] = []
  #answers = 0

  watch(engine: Engine, id: string): void {
    this.#outcomes.set(id, [])
    engine.whenFinal(id, (outcome) => {
      this.told++
      this.#outcomes.get(id)?.push(textOf(outcome.body))
    })
  }

  /** Each settle has an answer of its own. */
  settle(engine: Engine, delivery: Delivery): void {
    const { id } = delivery.message
    const text = `answer ${++this.#answers} of ${id}`
    this.open++
    engine
      .settle(delivery, answerOf(text))
      .then(
        (settled) => note(settled.accepted ? this.#accepted : this.#late, id, text),
        (error: unknown) => this.#failed.push(error),
      )
      .finally(() => this.open--)
  }

  check(): void {
    assert.deepEqual(this.#failed, [])
    for (const [id, told] of this.#outcomes) {
      assert.equal(told.length, 1, `the waiter of ${id} was told ${told.length} times`)
      const accepted = this.#accepted.get(id) ?? []
      assert.ok(accepted.length <= 1, `${accepted.length} settles of ${id} were accepted`)
      if (accepted.length === 1) assert.deepEqual(accepted, told)
      assert.ok(!this.#late.get(id)?.includes(told[0] as string), `${told} was told it is late`)
    }
  }
}

function note(into: Map<string, string[]>, id: string, text: string): void {
  into.set(id, [...(into.get(id) ?? []), text])
}
