/*
 * Outcomes whose callback has not returned: what stands in the queues of callbacks.
 *
 *   callbacks by name ─▶ what is held, failed and waits, by position ─▶ rows, read from their records
 *
 * Rule: a page reads at most so many records and bytes; where it ends, its cursor names queue and position.
 */

import { decodeGathered, decodeHomecoming, gatheredContentType } from '../message/homecoming.ts'
import type { Message } from '../message/message.ts'
import { callbackOf, isCallbackQueue } from './attempts.ts'
import { storedAttempts } from './attempts-shown.ts'
import type { Core } from './core.ts'
import type { CallbackFigures, NotHome, NotHomeFilter, NotHomePage } from './inspection-port.ts'
import type { LiveQueue } from './live-queue.ts'
import { cursorText, pageLimit, placeIn } from './page-place.ts'
import { type Entry, entryStates, homecomingKind } from './queue/entry.ts'
import type { QueueBrowsing } from './queue-browsing.ts'

const pageBytesMax = 4 * 1024 * 1024

export class NotHomeList {
  readonly #core: Core
  readonly #browsing: QueueBrowsing

  constructor(core: Core, browsing: QueueBrowsing) {
    this.#core = core
    this.#browsing = browsing
  }

  callbacks(): CallbackFigures[] {
    return this.#queues().map((live) => ({
      name: callbackOf(live.queue.name),
      queue: live.queue.name,
      waiting: live.queue.waiting,
      running: live.queue.unsettled,
      backingOff: live.queue.delayed,
      consumers: live.subscribers.length,
      paused: live.paused,
    }))
  }

  async page(filter: NotHomeFilter): Promise<NotHomePage> {
    const limit = pageLimit(filter.limit)
    const after = placeIn(filter.after)
    const lives = this.#queues().filter(
      ({ queue }) => filter.callback === undefined || callbackOf(queue.name) === filter.callback,
    )
    const total = lives.reduce((sum, { queue }) => sum + queue.size, 0)
    const rows: NotHome[] = []
    let bytes = 0
    let last: { live: LiveQueue; position: number } | undefined
    // Where that queue is gone meanwhile, the list begins anew rather than end early.
    const from = lives.findIndex(({ queue }) => queue.number === after?.queue)
    for (const live of lives.slice(Math.max(0, from))) {
      const behind = live.queue.number === after?.queue ? after.position : 0
      for (const entry of await this.#entries(live, behind, limit + 1 - rows.length)) {
        if (last && (rows.length >= limit || bytes > pageBytesMax)) {
          const place = { order: 0, position: last.position, queue: last.live.queue.number }
          return { rows, total, next: cursorText(place) }
        }
        last = { live, position: entry.position }
        const row = await this.#row(live, entry)
        bytes += entry.bytes
        if (row) rows.push(row)
      }
    }
    return { rows, total, next: undefined }
  }

  #queues(): LiveQueue[] {
    const lives = [...this.#core.state.queues.values()]
    return lives
      .filter(({ queue }) => isCallbackQueue(queue.name))
      .sort((a, b) => (a.queue.name < b.queue.name ? -1 : 1))
  }

  /** What stands behind that position, the oldest first. */
  async #entries(live: LiveQueue, position: number, count: number): Promise<Entry[]> {
    const place = { order: 0, position }
    const waiting = await this.#browsing.ready(live, place, count)
    const others = live.queue
      .entries()
      .filter((entry) => entry.position > position && entry.state !== entryStates.ready)
    // What merely came back is among those that wait.
    const all = [...others, ...waiting.entries]
    all.sort((a, b) => a.position - b.position)
    return all.slice(0, count)
  }

  async #row(live: LiveQueue, entry: Entry): Promise<NotHome | undefined> {
    const stored = await this.#browsing.stored(live, entry)
    if (stored === 'gone' || stored === undefined) return undefined
    const told = toldOf(stored.message)
    if (told === undefined) return undefined
    const callback = callbackOf(live.queue.name)
    return {
      ...told,
      callback,
      position: entry.position,
      state: stateOf(entry),
      finishedAtMs: told.finishedAtMs || stored.acceptedAtMs,
      tries: entry.attempts,
      nextTryAtMs: entry.state === entryStates.delayed ? entry.availableAtMs : undefined,
      lastError: this.#lastError(told.messageId, callback, entry),
    }
  }

  #lastError(id: string, callback: string, entry: Entry): NotHome['lastError'] {
    if (entry.attempts === 0) return undefined
    const n = entry.kind - homecomingKind
    const which = n > 0 ? `${callback}>${n}` : callback
    const tries = storedAttempts(this.#core.outcomes.ledger.story(id), which)
    return tries.findLast(({ error }) => error !== undefined)?.error
  }
}

function toldOf(
  message: Message,
): Pick<NotHome, 'messageId' | 'finishedAtMs' | 'code'> | undefined {
  try {
    if (message.contentType === gatheredContentType) {
      return { messageId: decodeGathered(message.body).gatherId, finishedAtMs: 0, code: 'gathered' }
    }
    const { id, finishedAtMs, code } = decodeHomecoming(message.body).outcome
    return { messageId: id, finishedAtMs, code }
  } catch {
    // Somebody sent a message of another kind to the queue of a callback.
    return undefined
  }
}

function stateOf({ state }: Entry): NotHome['state'] {
  if (state === entryStates.held) return 'running'
  return state === entryStates.delayed ? 'backing-off' : 'waiting'
}
