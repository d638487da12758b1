/*
 * The story of one message, put together.
 *
 *   live:   index of ids ─▶ record and place ─▶ who holds it
 *   ended:  outcome, recent or from the ledger ─▶ dead letter, if it is one
 *   both:   attempts from the ledger, callbacks from their queues, relatives
 *
 * Rule: it only reads, and says only what is durable. Between one read and the next the message may go
 * on; who finds it nowhere looks again.
 */

import type { DeadLetter } from '../engine.ts'
import type { CallbackTarget, Message } from '../message/message.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import { lastAttempt, runningAttempt, shownAttempts, storedAttempts } from './attempts-shown.ts'
import { CallbackStories } from './callback-stories.ts'
import type { Core } from './core.ts'
import type { DeadLetters } from './dead-letters.ts'
import { entriesOf } from './ending-by-id.ts'
import { type LedgerStory, noStory } from './ledger/ledger-story.ts'
import type { HeldDelivery, LiveQueue } from './live-queue.ts'
import type { MessageState, MessageStory, StoryMessage } from './message-story.ts'
import { type Entry, entryStates, messageKind } from './queue/entry.ts'
import type { QueueBrowsing } from './queue-browsing.ts'
import { readPlace } from './read-place.ts'
import type { Relations } from './relations.ts'
import { shownProperties } from './shown-message.ts'
import { storedId, storedMessage } from './stored-message.ts'

export interface StoriesParts {
  readonly core: Core
  readonly browsing: QueueBrowsing
  readonly deadLetters: Pick<DeadLetters, 'list'>
  readonly relations: Relations
}

const bodyBytesMax = 1024 * 1024
const childrenMax = 100
const looksMax = 3

interface LiveMessage {
  readonly live: LiveQueue
  readonly entry: Entry
  readonly message: Message
  readonly acceptedAtMs: number
}

export class Stories {
  readonly #parts: StoriesParts
  readonly #core: Core
  readonly #callbacks: CallbackStories

  constructor(parts: StoriesParts) {
    this.#parts = parts
    this.#core = parts.core
    this.#callbacks = new CallbackStories(parts.core, parts.browsing)
  }

  async story(id: string): Promise<MessageStory | undefined> {
    for (let look = 0; look < looksMax; look++) {
      const waiting = await this.#live(id)
      await this.#core.outcomes.caughtUp()
      const answer = await this.#core.outcomes.lookUp(id)
      if (answer?.state === 'final') return this.#ended(id, answer.outcome)
      if (waiting) return this.#ofLive(id, waiting)
      // It may have become live, or final, between the two.
      if (answer !== undefined) return undefined
    }
    return undefined
  }

  async #live(id: string): Promise<LiveMessage | undefined> {
    const { state, journal } = this.#core
    const places = () => state.ids.places(state.hash(id))
    for (const place of places()) {
      const record = await readPlace(journal, place, places)
      if (!record) return this.#live(id)
      if (storedId(record) !== id) continue
      for (const { queueNumber, position } of entriesOf(record)) {
        const live = state.numbered.get(queueNumber)
        const entry = live && (await this.#parts.browsing.find(live, position))
        if (live && entry) return { live, entry, ...storedMessage(record, messageKind) }
      }
    }
    return undefined
  }

  async #ofLive(id: string, found: LiveMessage): Promise<MessageStory> {
    const { live, entry, message, acceptedAtMs } = found
    const known = this.#core.outcomes.ledger.story(id)
    const delivery = entry.holder as HeldDelivery | undefined
    const running = delivery && !delivery.over ? delivery : undefined
    const attempts = [...storedAttempts(known, ''), ...(running ? [runningAttempt(running)] : [])]
    const { workedOn, callbacks, parentId, replayOf } = message.meta ?? {}
    const made = entry.attempts + (workedOn?.attempts ?? 0)
    const told = { id, targets: callbacks ?? [], known, isFinal: false }
    return {
      id,
      state: stateOf(entry),
      queue: workedOn?.queue ?? live.queue.name,
      position: entry.position,
      acceptedAtMs,
      message: shownStoryMessage(message),
      availableAtMs: entry.state === entryStates.delayed ? entry.availableAtMs : undefined,
      deadlineAtMs: finite(message.deadlineAtMs),
      attemptsMax: message.attemptsMax,
      attemptsMade: made,
      attempts: shownAttempts(attempts, made),
      progress: running?.told?.progress,
      outcome: undefined,
      isDeadLetter: false,
      callbacks: await this.#callbacks.stories(told),
      parentId,
      replayOf,
      ...this.#relatives(id, known),
    }
  }

  async #ended(id: string, outcome: StoredOutcome): Promise<MessageStory> {
    const known = this.#core.outcomes.ledger.story(id)
    const dead = await this.#deadLetter(id)
    const last = known.lastAttempt && lastAttempt(known.lastAttempt, outcome)
    const attempts = [...storedAttempts(known, ''), ...(last ? [last] : [])]
    const asked = dead?.message.meta?.callbacks ?? []
    const targets = known.callbacks.map(
      (name): CallbackTarget => asked.find((target) => target.name === name) ?? { name },
    )
    const { parentId = known.parentId, replayOf = known.replayOf } = dead?.message.meta ?? {}
    return {
      id,
      state: 'final',
      queue: outcome.queue,
      position: undefined,
      acceptedAtMs: outcome.acceptedAtMs,
      message: dead && shownStoryMessage(dead.message),
      availableAtMs: undefined,
      deadlineAtMs: dead && finite(dead.message.deadlineAtMs),
      attemptsMax: dead?.message.attemptsMax,
      attemptsMade: outcome.attempts,
      attempts: shownAttempts(attempts, outcome.attempts),
      progress: undefined,
      outcome,
      isDeadLetter: dead !== undefined,
      callbacks: await this.#callbacks.stories({ id, targets, known, isFinal: true }),
      parentId,
      replayOf,
      ...this.#relatives(id, known),
    }
  }

  async #deadLetter(id: string): Promise<DeadLetter | undefined> {
    const [dead] = await this.#parts.deadLetters.list({ ids: [id], limit: 1 })
    return dead
  }

  /** Those that live, and those that have finished. */
  #relatives(
    id: string,
    known: LedgerStory = noStory,
  ): Pick<MessageStory, 'childIds' | 'replayedAs'> {
    const { relations } = this.#parts
    const childIds = [...new Set([...relations.childrenOf(id), ...known.childIds])]
    return {
      childIds: childIds.slice(0, childrenMax),
      replayedAs: relations.replayedAs(id) ?? known.replayedAs,
    }
  }
}

function shownStoryMessage(message: Message): StoryMessage {
  const { exchange, routingKey, contentType, body, priority, timeoutMs, meta } = message
  return {
    exchange,
    routingKey,
    contentType,
    body: new Uint8Array(body.subarray(0, bodyBytesMax)),
    bodyBytes: body.length,
    priority,
    timeoutMs,
    headers: meta?.headers ?? {},
    key: meta?.key,
    properties: shownProperties(message.properties),
  }
}

function stateOf({ state }: Entry): MessageState {
  if (state === entryStates.held) return 'unsettled'
  return state === entryStates.delayed ? 'delayed' : 'ready'
}

const finite = (ms: number): number | undefined => (Number.isFinite(ms) ? ms : undefined)
