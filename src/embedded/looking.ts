/*
 * What people see of an engine: the port of inspection-port.ts, over the parts of the engine.
 *
 * It reads state, records and ledger, and changes none of them.
 */

import type { DeadLetter } from '../engine.ts'
import { HomingError } from '../errors.ts'
import { DelayedList } from './delayed-list.ts'
import type { EngineParts } from './engine-parts.ts'
import { FiguresReading } from './figures.ts'
import type { ConsumerFigures, Figures, QueueFigures, TimeTotals } from './figures-port.ts'
import type {
  CallbackFigures,
  DeadLetterPage,
  DeadLetterSearch,
  DelayedFilter,
  DelayedPage,
  FailurePage,
  FailuresFilter,
  Inspection,
  MessagePage,
  MessagesFilter,
  NotHomeFilter,
  NotHomePage,
  OutcomePage,
  OutcomeSearch,
  ScheduleFigures,
  WholeMessage,
  WholeOptions,
} from './inspection-port.ts'
import type { LiveQueue } from './live-queue.ts'
import type { MessageStory } from './message-story.ts'
import { NotHomeList } from './not-home.ts'
import { pageLimit } from './page-place.ts'
import { QueueBrowsing } from './queue-browsing.ts'
import { Stories } from './stories.ts'
import { queueUnknown } from './topology.ts'

export class Looking implements Inspection {
  readonly #parts: EngineParts
  readonly #browsing: QueueBrowsing
  readonly #stories: Stories
  readonly #figures: FiguresReading
  readonly #notHome: NotHomeList
  readonly #delayed: DelayedList

  constructor(parts: EngineParts) {
    const { core, pages } = parts
    this.#parts = parts
    this.#browsing = new QueueBrowsing(core, pages)
    this.#stories = new Stories({ ...parts, browsing: this.#browsing })
    this.#figures = new FiguresReading(core)
    this.#notHome = new NotHomeList(core, this.#browsing)
    this.#delayed = new DelayedList(core, this.#browsing)
  }

  async story(id: string): Promise<MessageStory | undefined> {
    this.#checkOpen()
    return this.#stories.story(id)
  }

  async messages(queue: string, filter: MessagesFilter): Promise<MessagePage> {
    return this.#browsing.messages(this.#live(queue), filter)
  }

  async message(
    queue: string,
    position: number,
    options?: WholeOptions,
  ): Promise<WholeMessage | undefined> {
    return this.#browsing.message(this.#live(queue), position, options)
  }

  queues(): readonly QueueFigures[] {
    this.#checkOpen()
    return this.#figures.queues()
  }

  queue(name: string): QueueFigures | undefined {
    this.#checkOpen()
    const live = this.#parts.core.queue(name)
    return live && this.#figures.queue(live)
  }

  consumers(queue: string): readonly ConsumerFigures[] {
    return this.#figures.consumers(this.#live(queue))
  }

  callbacks(): readonly CallbackFigures[] {
    this.#checkOpen()
    return this.#notHome.callbacks()
  }

  async notHome(filter: NotHomeFilter = {}): Promise<NotHomePage> {
    this.#checkOpen()
    return this.#notHome.page(filter)
  }

  async delayed(filter: DelayedFilter = {}): Promise<DelayedPage> {
    this.#checkOpen()
    return this.#delayed.page(filter)
  }

  async schedules(filter: DelayedFilter = {}): Promise<readonly ScheduleFigures[]> {
    this.#checkOpen()
    return this.#delayed.schedules(filter)
  }

  figures(): Figures {
    this.#checkOpen()
    return this.#figures.figures()
  }

  times(upToMs: readonly number[]): { readonly roundTrip: TimeTotals; readonly sync: TimeTotals } {
    this.#checkOpen()
    return this.#figures.times(upToMs)
  }

  async failures(filter: FailuresFilter = {}): Promise<FailurePage> {
    const limit = pageLimit(filter.limit)
    await this.#caughtUp()
    const { limit: _, ...range } = filter
    const found = this.#parts.core.outcomes.ledger.failures(range)
    const groups = found.groups.slice(0, limit).map(({ message, ...group }) => ({
      ...group,
      message: message === '' ? undefined : message,
    }))
    return { groups, examined: found.examined, complete: found.isComplete }
  }

  async outcomes(filter: OutcomeSearch): Promise<OutcomePage> {
    const limit = pageLimit(filter.limit)
    await this.#caughtUp()
    const { ledger } = this.#parts.core.outcomes
    if (filter.idPrefix !== undefined) return ledger.search({ ...filter, limit })
    // One more than a page holds tells that there is another.
    const found = ledger.outcomes({ ...filter, limit: limit + 1 })
    const outcomes = found.slice(0, limit)
    return { outcomes, next: found.length > limit ? outcomes.at(-1)?.id : undefined }
  }

  async deadLetters(filter: DeadLetterSearch): Promise<DeadLetterPage> {
    const limit = pageLimit(filter.limit)
    this.#checkOpen()
    const found = await this.#parts.deadLetters.list({ ...filter, limit: limit + 1 })
    const deadLetters = found.slice(0, limit)
    const next = found.length > limit ? deadLetters.at(-1)?.message.id : undefined
    return { deadLetters, next }
  }

  async deadLetter(id: string): Promise<DeadLetter | undefined> {
    this.#checkOpen()
    const [dead] = await this.#parts.deadLetters.list({ ids: [id], limit: 1 })
    return dead
  }

  deadCounts(): ReadonlyMap<string, number> {
    this.#checkOpen()
    return this.#parts.core.outcomes.ledger.deadCounts()
  }

  async #caughtUp(): Promise<void> {
    this.#checkOpen()
    await this.#parts.core.outcomes.caughtUp()
  }

  /** Fails with `queue-unknown`. */
  #live(name: string): LiveQueue {
    this.#checkOpen()
    const live = this.#parts.core.queue(name)
    if (!live) throw queueUnknown(name)
    return live
  }

  /** Looking goes on when the disk has failed; it ends with the engine. */
  #checkOpen(): void {
    if (this.#parts.core.closed) throw new HomingError('closed', 'the engine is closed')
  }
}
