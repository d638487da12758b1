import { Buffer } from 'node:buffer'
import type { AttemptRecord } from '../journal/attempt-record.ts'
import type { LedgerEvent } from './ledger-event.ts'
import { attemptsListedMax, childrenListedMax, type LedgerStory } from './ledger-story.ts'

type OutcomeEvent = LedgerEvent & { kind: 'outcome' }
type Final = Pick<LedgerStory, 'lastAttempt' | 'parentId' | 'replayOf' | 'callbacks'>

const nothing: Final = {
  lastAttempt: undefined,
  parentId: undefined,
  replayOf: undefined,
  callbacks: [],
}

/** What the ledger in memory keeps of messages beside their outcomes; let go of with them. */
export class MemoryStories {
  #attempts = new Map<string, AttemptRecord[]>()
  #finals = new Map<string, Final>()
  /** By the id of the other one, oldest first. */
  #children = new Map<string, string[]>()
  #replays = new Map<string, string[]>()

  attempted(attempt: AttemptRecord): void {
    const known = this.#attempts.get(attempt.id) ?? []
    // The bytes fed belong to the journal, which reuses them.
    known.push({ ...attempt, error: new Uint8Array(attempt.error) })
    this.#attempts.set(attempt.id, known)
  }

  finished({ outcome, story, callbacks }: OutcomeEvent): void {
    if (story === undefined && callbacks.length === 0) return
    const { attempt, parentId, replayOf } = story ?? nothingTold
    const lastAttempt = attempt && {
      end: attempt.end,
      deliveredAtMs: attempt.deliveredAtMs,
      consumer: Buffer.from(attempt.consumer).toString('utf8'),
    }
    this.#finals.set(outcome.id, { lastAttempt, parentId, replayOf, callbacks })
    add(this.#children, parentId, outcome.id)
    add(this.#replays, replayOf, outcome.id)
  }

  forget(id: string): void {
    this.#attempts.delete(id)
    const final = this.#finals.get(id)
    if (final === undefined) return
    this.#finals.delete(id)
    remove(this.#children, final.parentId, id)
    remove(this.#replays, final.replayOf, id)
  }

  story(id: string): LedgerStory {
    return {
      ...(this.#finals.get(id) ?? nothing),
      attempts: (this.#attempts.get(id) ?? []).slice(0, attemptsListedMax),
      childIds: (this.#children.get(id) ?? []).slice(-childrenListedMax).toReversed(),
      replayedAs: this.#replays.get(id)?.at(-1),
    }
  }

  copy(): MemoryStories {
    const copy = new MemoryStories()
    const lists = <Value>(map: Map<string, Value[]>) =>
      new Map([...map].map(([id, list]) => [id, [...list]]))
    copy.#attempts = lists(this.#attempts)
    copy.#finals = new Map(this.#finals)
    copy.#children = lists(this.#children)
    copy.#replays = lists(this.#replays)
    return copy
  }
}

const nothingTold = { attempt: undefined, parentId: undefined, replayOf: undefined }

function add(lists: Map<string, string[]>, to: string | undefined, id: string): void {
  if (to === undefined) return
  const list = lists.get(to)
  if (list) list.push(id)
  else lists.set(to, [id])
}

function remove(lists: Map<string, string[]>, from: string | undefined, id: string): void {
  const list = from === undefined ? undefined : lists.get(from)
  if (from === undefined || list === undefined) return
  const at = list.indexOf(id)
  if (at >= 0) list.splice(at, 1)
  if (list.length === 0) lists.delete(from)
}
