/*
 * What stands in a queue, looked at without taking it.
 *
 *   entries (queue/browse.ts) ─▶ their records, from memory or disk ─▶ summaries
 *
 * Rule: no order, attempt or flag changes by it. A page ends early when its records are many bytes, so
 * that one call reads little however large the messages are.
 */

import { HomingError } from '../errors.ts'
import type { Core } from './core.ts'
import type { IndexPages } from './index-pages.ts'
import type {
  MessagePage,
  MessageSummary,
  MessagesFilter,
  WholeMessage,
  WholeOptions,
} from './inspection-port.ts'
import type { LiveQueue } from './live-queue.ts'
import { cursorText, type PagePlace, pageLimit, placeIn } from './page-place.ts'
import { isPassingFault } from './passing-fault.ts'
import { browse, sleepers, standingAt } from './queue/browse.ts'
import type { Entry } from './queue/entry.ts'
import { IndexBlock } from './queue/index-block.ts'
import { dueAt } from './queue/queue.ts'
import { shownSummary, shownWhole } from './shown-message.ts'
import type { StoredMessage } from './stored-message.ts'

/** Records read for one page, and blocks of the index. */
const pageBytesMax = 4 * 1024 * 1024
const blocksMax = 16
const bodyBytesDefault = 1024 * 1024

export class QueueBrowsing {
  readonly #core: Core
  readonly #pages: IndexPages

  constructor(core: Core, pages: IndexPages) {
    this.#core = core
    this.#pages = pages
  }

  async messages(live: LiveQueue, filter: MessagesFilter): Promise<MessagePage> {
    const limit = pageLimit(filter.limit)
    const place = placeIn(filter.after)
    switch (filter.state) {
      case 'ready':
        return this.#page(live, await this.ready(live, place, limit + 1), standing, limit)
      case 'unsettled':
        return this.#page(live, unsettled(live, place, limit), held, limit)
      case 'delayed':
        return this.#page(live, delayed(live, place, limit), sleeping, limit)
      default:
        throw new HomingError(
          'bad-argument',
          `state is ${String(filter.state satisfies never)}; give ready, unsettled or delayed`,
        )
    }
  }

  async message(
    live: LiveQueue,
    position: number,
    options: WholeOptions = {},
  ): Promise<WholeMessage | undefined> {
    const entry = await this.find(live, position)
    if (entry === undefined) return undefined
    const stored = await this.stored(live, entry)
    if (stored === 'gone') return undefined
    return shownWhole(entry, stored, options.bodyBytesMax ?? bodyBytesDefault)
  }

  /** Whatever stands at that position, transient or not. */
  async find(live: LiveQueue, position: number): Promise<Entry | undefined> {
    const { queue } = live
    const found = standingAt(queue, position) ?? transientAt(live, position)
    if (!(found instanceof IndexBlock)) return found
    const picture = await this.picture(found)
    // It may have been taken meanwhile.
    const now = standingAt(queue, position)
    if (!(now instanceof IndexBlock)) return now
    const row = picture.rowOf(position)
    return row < 0 ? undefined : picture.entryAt(row, queue.locate(position)?.fifo.priority ?? 0)
  }

  /** What the entry's record says. Undefined when it cannot be read. */
  async stored(live: LiveQueue, entry: Entry): Promise<StoredMessage | 'gone' | undefined> {
    try {
      return await this.#core.loadMessage(entry)
    } catch (error) {
      if (isPassingFault(error)) throw error
      // While it was read it may have left, or been moved out of an old segment.
      const now = await this.find(live, entry.position)
      if (now === undefined) return 'gone'
      const isMoved = now.segment !== entry.segment || now.from !== entry.from
      return isMoved ? this.stored(live, now) : undefined
    }
  }

  async #page(
    live: LiveQueue,
    { entries, isCut }: Listed,
    placeOf: (entry: Entry) => PagePlace,
    limit: number,
  ): Promise<MessagePage> {
    const messages: MessageSummary[] = []
    let bytes = 0
    let last: PagePlace | undefined
    for (const entry of entries) {
      if (messages.length === limit || (messages.length > 0 && bytes > pageBytesMax)) {
        return { messages, next: last && cursorText(last) }
      }
      // Its place now: while its record is read it may go elsewhere.
      last = placeOf(entry)
      const stored = await this.stored(live, entry)
      bytes += entry.bytes
      if (stored !== 'gone') messages.push(shownSummary(entry, stored))
    }
    return { messages, next: isCut && last ? cursorText(last) : undefined }
  }

  /** What waits behind that place, in the order of delivery. */
  async ready(live: LiveQueue, after: PagePlace | undefined, count: number): Promise<Listed> {
    const pictures = new Map<IndexBlock, IndexBlock>()
    for (;;) {
      const { entries, needed } = browse(
        {
          queue: live.queue,
          after: after && { priority: -after.order, position: after.position },
          parked: [...live.keys.values()].flatMap(({ parked }) => parked),
          picture: (block) => pictures.get(block),
        },
        count,
      )
      if (!needed) return { entries, isCut: false }
      if (pictures.size >= blocksMax) return { entries, isCut: true }
      pictures.set(needed, await this.picture(needed))
    }
  }

  /** The block as it lies in its page, apart from the queue's own. */
  async picture(block: IndexBlock): Promise<IndexBlock> {
    const picture = new IndexBlock(0)
    const { capacity, rows, head, live, page } = block
    Object.assign(picture, { capacity, rows, head, live })
    picture.bringBack(await this.#pages.read(page))
    return picture
  }
}

interface Listed {
  /** One more than a page holds tells that there is another. */
  readonly entries: readonly Entry[]
  /** There are more, which were too many to look for. */
  readonly isCut: boolean
}

const standing = ({ priority, position }: Entry): PagePlace => ({ order: -priority, position })
const held = ({ position }: Entry): PagePlace => ({ order: 0, position })
const sleeping = (entry: Entry): PagePlace => ({ order: dueAt(entry), position: entry.position })

const isBehind = (place: PagePlace, after: PagePlace | undefined): boolean =>
  after === undefined ||
  place.order > after.order ||
  (place.order === after.order && place.position > after.position)

function unsettled(live: LiveQueue, after: PagePlace | undefined, limit: number): Listed {
  const entries: Entry[] = []
  for (const { entry } of live.held()) if (isBehind(held(entry), after)) entries.push(entry)
  entries.sort((a, b) => a.position - b.position)
  return { entries: entries.slice(0, limit + 1), isCut: false }
}

function delayed(live: LiveQueue, after: PagePlace | undefined, limit: number): Listed {
  const entries: Entry[] = []
  for (const entry of sleepers(live.queue)) {
    if (!isBehind(sleeping(entry), after)) continue
    entries.push(entry)
    if (entries.length > limit) break
  }
  return { entries, isCut: false }
}

function transientAt(live: LiveQueue, position: number): Entry | undefined {
  for (const line of live.queue.lines) {
    const [first] = line.behind(position - 1)
    if (first?.position === position) return first
  }
  for (const { entry } of live.held()) if (entry.position === position) return entry
  return undefined
}
