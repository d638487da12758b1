/*
 * Dead letters: listed from the ledger, replayed as new messages, dropped.
 *
 * Rule: a replay is one journal step: the new message's `accept` record and the `drop` record of the
 * dead letter are of one batch, the accept first, so that a crash between them never leaves neither
 * (invariant 37); recovery takes the accept for the drop, so it never leaves both. The new message has
 * a new id, for the old one has its outcome for ever; `replayOf` names the old one, and its callbacks
 * go along.
 */

import type { DeadLetter, DeadLetterFilter } from '../engine.ts'
import type { MintId } from '../identifier.ts'
import type { Message } from '../message/message.ts'
import { baseName, scopedName, virtualHostOf } from '../scoped-name.ts'
import type { Core } from './core.ts'
import { recordTypes } from './journal/record.ts'
import { dropKind } from './ledger/ledger-event.ts'
import type { DeadLettersWanted } from './ledger/ledger-search.ts'
import type { Publishing } from './publishing.ts'

const pageMax = 1_000

export class DeadLetters {
  readonly #core: Core
  readonly #publishing: Publishing
  readonly #mintId: MintId
  /** Taken by a replay or drop whose record the ledger has not stored yet. */
  readonly #taken = new Set<string>()

  constructor(core: Core, publishing: Publishing, mintId: MintId) {
    this.#core = core
    this.#publishing = publishing
    this.#mintId = mintId
  }

  async list(filter: DeadLettersWanted): Promise<readonly DeadLetter[]> {
    await this.#core.outcomes.caughtUp()
    const found = this.#core.outcomes.ledger.deadLetters(filter)
    return found.filter((dead) => !this.#taken.has(dead.message.id))
  }

  async replay(filter: DeadLetterFilter): Promise<readonly string[]> {
    const newIds: string[] = []
    await this.#take(filter, (letter) => {
      const again = this.#again(letter)
      this.#publishing.accept(again)
      newIds.push(again.id)
    })
    return newIds
  }

  async drop(filter: DeadLetterFilter): Promise<number> {
    return this.#take(filter, () => undefined)
  }

  /** Takes all that match, page by page; each page is one durable step. */
  async #take(filter: DeadLetterFilter, act: (letter: DeadLetter) => void): Promise<number> {
    let left = filter.limit ?? Number.POSITIVE_INFINITY
    let count = 0
    while (left > 0) {
      // What was taken is gone from the list, so each page starts at the same place.
      const listed = await this.list({ ...filter, limit: Math.min(left, pageMax) })
      if (listed.length === 0) break
      // Somebody else may have taken them since they were listed: none is taken twice.
      const dead = listed.filter(({ message }) => !this.#taken.has(message.id))
      if (dead.length === 0) continue
      await this.#takePage(dead, act)
      count += dead.length
      left -= dead.length
    }
    return count
  }

  /** Where one cannot be sent again (its queue is full), those before it are, and are taken. */
  async #takePage(dead: readonly DeadLetter[], act: (letter: DeadLetter) => void): Promise<void> {
    const ids: string[] = []
    try {
      for (const letter of dead) {
        act(letter)
        ids.push(letter.message.id)
      }
    } finally {
      if (ids.length > 0) await this.#recordTaken(ids)
    }
  }

  async #recordTaken(ids: readonly string[]): Promise<void> {
    const { journal, outcomes } = this.#core
    for (const id of ids) this.#taken.add(id)
    journal.begin().raw(Buffer.from(JSON.stringify(ids)))
    outcomes.feedLast(journal.end(recordTypes.drop), dropKind)
    await journal.durable()
    void outcomes.applied().then(() => {
      for (const id of ids) this.#taken.delete(id)
    })
  }

  /** The same work under a new id, in its virtual host, with as much time as it had at first. */
  #again({ message, acceptedAtMs }: DeadLetter): Message {
    const withinMs = message.deadlineAtMs - acceptedAtMs
    const host = virtualHostOf(message.id)
    // Messages of AMQP clients name exchange and queue as the client did.
    const within = (name: string): string => scopedName(host, baseName(name))
    const { exchange, routingKey } = message
    return {
      ...message,
      id: scopedName(host, this.#mintId()),
      exchange: exchange === '' ? '' : within(exchange),
      routingKey: exchange === '' ? within(routingKey) : routingKey,
      idChosen: false,
      availableAtMs: 0,
      deadlineAtMs: this.#core.nowMs() + withinMs,
      meta: { ...message.meta, replayOf: message.id },
    }
  }
}
