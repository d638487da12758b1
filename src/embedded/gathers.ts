/*
 * Gathers: which messages must have their outcome before a callback is told, once.
 *
 * A `gather` record holds the members and those already final; each `final` record of a member
 * counts one down, so the counter is never apart from what it counts. When it reaches zero, the
 * callback's message is accepted under the id `gathered:ID`. A crash in between leaves a gather at
 * zero, and recovery accepts that message: under its id it cannot exist twice.
 */

import type { GatherRequest } from '../engine.ts'

export interface Gather {
  readonly request: GatherRequest
  readonly remaining: Set<string>
  /** Its record is written: it may finish. */
  recorded: boolean
}

/** The JSON of a `gather` record, and of a gather in a checkpoint. */
export interface GatherRecord {
  readonly request: GatherRequest
  /** Members without an outcome when it was written. */
  readonly remaining: readonly string[]
}

export class Gathers {
  readonly all = new Map<string, Gather>()
  readonly #ofMember = new Map<string, Gather[]>()

  add(record: GatherRecord, recorded = true): Gather {
    const gather = { request: record.request, remaining: new Set(record.remaining), recorded }
    this.all.set(record.request.id, gather)
    for (const id of gather.remaining) {
      const others = this.#ofMember.get(id)
      if (others) others.push(gather)
      else this.#ofMember.set(id, [gather])
    }
    return gather
  }

  /** A message has its outcome. Returns the gathers that this completes. */
  finished(id: string): readonly Gather[] {
    if (this.#ofMember.size === 0) return none
    const gathers = this.#ofMember.get(id)
    if (!gathers) return none
    this.#ofMember.delete(id)
    for (const gather of gathers) gather.remaining.delete(id)
    return gathers.filter((gather) => gather.remaining.size === 0)
  }

  /** The message that tells its callback was accepted: the gather is over. */
  told(messageId: string): void {
    if (messageId.startsWith(gatheredPrefix))
      this.all.delete(messageId.slice(gatheredPrefix.length))
  }

  complete(): Gather[] {
    return [...this.all.values()].filter((gather) => gather.remaining.size === 0)
  }

  records(): GatherRecord[] {
    return [...this.all.values()].map(({ request, remaining }) => ({
      request,
      remaining: [...remaining],
    }))
  }
}

/** What ids of the messages begin with that tell a gather's callback; senders may not choose such. */
export const gatheredPrefix = 'gathered:'

/** Id of the message that tells a gather's callback. */
export const gatheredMessageId = (gatherId: string): string => gatheredPrefix + gatherId

const none: readonly Gather[] = []
