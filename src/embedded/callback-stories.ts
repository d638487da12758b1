/*
 * How far the outcome of a message has come with each of its callbacks.
 *
 *   no outcome yet                        pending
 *   its homecoming stands in the queue    waiting · running · backing off
 *   it is gone, and has an outcome        dead: the tries were used up
 *   it is gone                            told
 *
 * A homecoming is found by the hash of the message's id, which stands in its row; blocks of the index
 * that are put away are read up to a number of them, and what lies deeper is taken for waiting.
 */

import { type CallbackTarget, callbackQueue, notification } from '../message/message.ts'
import { lastAttempt, runningAttempt, shownAttempts, storedAttempts } from './attempts-shown.ts'
import type { Core } from './core.ts'
import type { LedgerStory } from './ledger/ledger-story.ts'
import type { HeldDelivery, LiveQueue } from './live-queue.ts'
import type { Attempt, CallbackState, CallbackStory } from './message-story.ts'
import { type Entry, entryStates, homecomingKind, plainKind } from './queue/entry.ts'
import type { IndexBlock } from './queue/index-block.ts'
import type { QueueBrowsing } from './queue-browsing.ts'

interface Told {
  readonly id: string
  readonly targets: readonly CallbackTarget[]
  readonly known: LedgerStory
  readonly isFinal: boolean
}

const blocksReadMax = 16

export class CallbackStories {
  readonly #core: Core
  readonly #browsing: QueueBrowsing

  constructor(core: Core, browsing: QueueBrowsing) {
    this.#core = core
    this.#browsing = browsing
  }

  stories({ targets, ...told }: Told): Promise<CallbackStory[]> {
    return Promise.all(targets.map((target, n) => this.#story(told, target, n)))
  }

  async #story(
    { id, known, isFinal }: Omit<Told, 'targets'>,
    { name, context, queue }: CallbackTarget,
    n: number,
  ): Promise<CallbackStory> {
    if (name === notification) {
      const state = isFinal ? 'told' : 'pending'
      return { ...nothingTried, name: queue ?? '', kind: 'notification', state, context: undefined }
    }
    const live = this.#core.queue(callbackQueue(name))
    const which = n === 0 ? name : `${name}>${n}`
    const entry = isFinal && live ? await this.#entry(live, id, which) : undefined
    const end = isFinal && entry === undefined ? await this.#end(`${id}>${which}`) : undefined
    const delivery = entry === 'deep' ? undefined : (entry?.holder as HeldDelivery | undefined)
    const tries = storedAttempts(known, which)
    if (delivery && !delivery.over) tries.push(runningAttempt(delivery))
    if (end?.last) tries.push(end.last)
    const made = entry instanceof Object ? entry.attempts : tries.length
    const shown = shownAttempts(tries, made)
    return {
      name,
      kind: 'callback',
      state: isFinal ? stateOf(entry, end !== undefined) : 'pending',
      context,
      tries: shown,
      triesMade: Math.max(made, shown.length),
      nextTryAtMs:
        entry instanceof Object && entry.state === entryStates.delayed
          ? entry.availableAtMs
          : undefined,
    }
  }

  /** Its tries were used up: the last of them. */
  async #end(homecomingId: string): Promise<{ readonly last: Attempt | undefined } | undefined> {
    const { outcomes } = this.#core
    const end = await outcomes.lookUp(homecomingId)
    if (end?.state !== 'final') return undefined
    const { lastAttempt: last } = outcomes.ledger.story(homecomingId)
    return { last: last && lastAttempt(last, end.outcome) }
  }

  /** `deep`: it may be in a block that was not read. */
  async #entry(live: LiveQueue, id: string, which: string): Promise<Entry | 'deep' | undefined> {
    const hash = this.#core.state.hash(id)
    const isIt = async (entry: Entry): Promise<boolean> => {
      const stored = await this.#browsing.stored(live, entry)
      return stored !== 'gone' && stored?.message.id === `${id}>${which}`
    }
    for (const entry of live.queue.entries()) {
      const isLike = entry.hash === hash && entry.kind >= homecomingKind && entry.kind !== plainKind
      if (isLike && (await isIt(entry))) return entry
    }
    return this.#row(live, hash, isIt)
  }

  async #row(
    live: LiveQueue,
    hash: number,
    isIt: (entry: Entry) => Promise<boolean>,
  ): Promise<Entry | 'deep' | undefined> {
    let read = 0
    for (const fifo of live.queue.fifos) {
      for (const block of [...fifo.blocks]) {
        if (block.live === 0) continue
        if (!block.columns && ++read > blocksReadMax) return 'deep'
        const shown = block.columns ? block : await this.#browsing.picture(block)
        for (const entry of rowsOf(shown, fifo.priority, hash)) if (await isIt(entry)) return entry
      }
    }
    return undefined
  }
}

const nothingTried = { tries: [], triesMade: 0, nextTryAtMs: undefined }

function stateOf(entry: Entry | 'deep' | undefined, hasEnded: boolean): CallbackState {
  if (entry === 'deep') return 'waiting'
  if (entry?.state === entryStates.held) return 'running'
  if (entry?.state === entryStates.delayed) return 'backing-off'
  if (entry) return 'waiting'
  return hasEnded ? 'dead' : 'told'
}

function rowsOf(block: IndexBlock, priority: number, hash: number): Entry[] {
  const rows: Entry[] = []
  const hashes = block.columns?.hash
  for (let row = block.head; row < block.rows; row++) {
    if (hashes?.[row] === hash && block.isLive(row)) rows.push(block.entryAt(row, priority))
  }
  return rows
}
