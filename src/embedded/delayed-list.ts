/*
 * What is delayed, next first, in one queue or in all; and of it the occurrences of cron schedules.
 */

import { baseName } from '../scoped-name.ts'
import type { Core } from './core.ts'
import type { Delayed, DelayedFilter, DelayedPage, ScheduleFigures } from './inspection-port.ts'
import type { LiveQueue } from './live-queue.ts'
import { cursorText, type PagePlace, pageLimit, placeIn } from './page-place.ts'
import { sleepers } from './queue/browse.ts'
import type { Entry } from './queue/entry.ts'
import { dueAt } from './queue/queue.ts'
import type { QueueBrowsing } from './queue-browsing.ts'
import { shownSummary } from './shown-message.ts'
import { queueUnknown } from './topology.ts'

const pageBytesMax = 4 * 1024 * 1024
/** Delayed messages that are read to find schedules. */
const schedulesReadMax = 2_000
/** `schedule:NAME:TIME`, as the client names occurrences. */
const occurrence = /^schedule:(.+):\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z(?:\/\d+)?$/

interface Sleeper extends PagePlace {
  readonly live: LiveQueue
  readonly entry: Entry
}

export class DelayedList {
  readonly #core: Core
  readonly #browsing: QueueBrowsing

  constructor(core: Core, browsing: QueueBrowsing) {
    this.#core = core
    this.#browsing = browsing
  }

  async page(filter: DelayedFilter): Promise<DelayedPage> {
    const limit = pageLimit(filter.limit)
    const lives = this.#lives(filter.queue)
    const total = lives.reduce((sum, { queue }) => sum + queue.delayed, 0)
    const rows: Delayed[] = []
    let bytes = 0
    let last: Sleeper | undefined
    for (const sleeper of nextFirst(lives, placeIn(filter.after), limit + 1)) {
      if (last && (rows.length === limit || bytes > pageBytesMax)) {
        return { rows, total, next: cursorText(last) }
      }
      last = sleeper
      const { live, entry } = sleeper
      const stored = await this.#browsing.stored(live, entry)
      bytes += entry.bytes
      if (stored === 'gone') continue
      const summary = shownSummary(entry, stored)
      rows.push({ ...summary, queue: live.queue.name, schedule: scheduleIn(summary.id) })
    }
    return { rows, total, next: undefined }
  }

  async schedules(filter: DelayedFilter): Promise<readonly ScheduleFigures[]> {
    const limit = pageLimit(filter.limit)
    const found: ScheduleFigures[] = []
    for (const { live, entry } of nextFirst(
      this.#lives(filter.queue),
      undefined,
      schedulesReadMax,
    )) {
      if (found.length === limit) break
      const stored = await this.#browsing.stored(live, entry)
      if (stored === 'gone' || stored === undefined) continue
      const { id, meta } = stored.message
      const name = scheduleIn(id)
      if (name === undefined) continue
      found.push({
        name,
        queue: live.queue.name,
        nextAtMs: entry.availableAtMs,
        messageId: id,
        cron: meta?.schedule?.cron,
        timezone: meta?.schedule?.timezone,
      })
    }
    return found
  }

  #lives(name: string | undefined): LiveQueue[] {
    if (name === undefined) return [...this.#core.state.queues.values()]
    const live = this.#core.queue(name)
    if (!live) throw queueUnknown(name)
    return [live]
  }
}

export const scheduleIn = (id: string | undefined): string | undefined =>
  id === undefined ? undefined : occurrence.exec(baseName(id))?.[1]

/** All queues merged; at most so many. */
function nextFirst(
  lives: readonly LiveQueue[],
  after: PagePlace | undefined,
  count: number,
): Sleeper[] {
  const sources = lives
    .filter(({ queue }) => queue.delayed > 0)
    .map((live) => behind(live, after))
    .map((source) => ({ source, next: source.next().value }))
  const found: Sleeper[] = []
  while (found.length < count) {
    let first: (typeof sources)[number] | undefined
    for (const one of sources) {
      if (one.next && (!first?.next || isBefore(one.next, first.next))) first = one
    }
    if (!first?.next) break
    found.push(first.next)
    first.next = first.source.next().value
  }
  return found
}

function* behind(live: LiveQueue, after: PagePlace | undefined): Generator<Sleeper, undefined> {
  for (const entry of sleepers(live.queue)) {
    const { position } = entry
    const place = { order: dueAt(entry), position, queue: live.queue.number, live, entry }
    if (after === undefined || isBefore(after, place)) yield place
  }
  return undefined
}

const isBefore = (a: PagePlace, b: PagePlace): boolean =>
  (a.order - b.order || (a.queue ?? 0) - (b.queue ?? 0) || a.position - b.position) < 0
