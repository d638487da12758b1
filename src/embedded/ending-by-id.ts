/*
 * Ends of messages that are named by their id: cancellation, and results that come as replies.
 *
 *   id ─▶ index of ids ─▶ record ─▶ the queues it stands in ─▶ Ending
 *
 * Whatever is in memory is ended in the turn that asks; else records and index blocks are read first.
 */

import { ByteReader } from '../bytes.ts'
import type { Later } from '../later.ts'
import type { Message } from '../message/message.ts'
import type { Core } from './core.ts'
import type { Delivering } from './delivering.ts'
import type { Because, Ending } from './ending.ts'
import type { IndexPages } from './index-pages.ts'
import { readAccept } from './journal/accept-record.ts'
import { readMove } from './journal/move-record.ts'
import { frameBytes, recordTypes } from './journal/record.ts'
import type { LiveQueue } from './live-queue.ts'
import { standingAt } from './queue/browse.ts'
import { type Entry, messageKind } from './queue/entry.ts'
import { IndexBlock } from './queue/index-block.ts'
import { readPlace } from './read-place.ts'
import { jsonBody, type OutcomeBody } from './settling.ts'
import { storedId, storedMessage } from './stored-message.ts'

export interface EndingByIdParts {
  readonly core: Core
  readonly pages: IndexPages
  readonly ending: Ending
  readonly delivering: Delivering
}

export interface Way {
  readonly because: Because
  readonly how: OutcomeBody
  /** Ends only a message of which this is true. */
  readonly fits?: (message: Message) => boolean
}

export class EndingById {
  readonly #parts: EndingByIdParts
  readonly #core: Core

  constructor(parts: EndingByIdParts) {
    this.#parts = parts
    this.#core = parts.core
  }

  /** Durable when it resolves; true when this call ended it. */
  async cancel(id: string, data: { by?: string; reason?: string }): Promise<boolean> {
    const ended = await this.#endRead(id, { because: 'canceled', how: jsonBody('canceled', data) })
    await this.#parts.ending.ended()
    await this.#core.journal.durable()
    return ended
  }

  /** True when this call ended it; a promise when something must be read first. */
  end(id: string, way: Way): Later<boolean> {
    return this.#endInMemory(id, way) ?? this.#endRead(id, way)
  }

  #endInMemory(id: string, way: Way): boolean | undefined {
    const { state, journal } = this.#core
    let ended = false
    for (const place of state.ids.places(state.hash(id))) {
      const record = journal.peek(place.segment, place.from)
      if (!record) return undefined
      if (!isIt(record, id, way)) continue
      for (const { queueNumber, position } of entriesOf(record)) {
        const live = state.numbered.get(queueNumber)
        const found = live && standingAt(live.queue, position)
        if (!found) continue
        if (found instanceof IndexBlock) return undefined
        this.#end(live, found, way)
        ended = true
      }
    }
    return ended
  }

  async #endRead(id: string, way: Way): Promise<boolean> {
    const { state, journal } = this.#core
    let ended = false
    const places = () => state.ids.places(state.hash(id))
    for (const place of places()) {
      const record = await readPlace(journal, place, places)
      if (!record) return (await this.#endRead(id, way)) || ended
      if (!isIt(record, id, way)) continue
      for (const { queueNumber, position } of entriesOf(record)) {
        const live = state.numbered.get(queueNumber)
        if (live && (await this.#endAt(live, position, way))) ended = true
      }
    }
    return ended
  }

  async #endAt(live: LiveQueue, position: number, way: Way): Promise<boolean> {
    for (;;) {
      const found = standingAt(live.queue, position)
      if (found === undefined) return false
      if (found instanceof IndexBlock) {
        await this.#parts.pages.bringBack(found)
        continue
      }
      this.#end(live, found, way)
      return true
    }
  }

  #end(live: LiveQueue, found: Entry, { because, how }: Way): void {
    this.#parts.ending.endEntry(live, found, because, () => how)
    this.#parts.delivering.pump(live)
  }
}

const isIt = (record: Buffer, id: string, { fits }: Way): boolean =>
  storedId(record) === id && (!fits || fits(storedMessage(record, messageKind).message))

/** Where the message of a record stands, or stood. */
export function entriesOf(record: Buffer): readonly { queueNumber: number; position: number }[] {
  const reader = new ByteReader(record, frameBytes)
  return record[8] === recordTypes.move ? [readMove(reader)] : readAccept(reader).entries
}
