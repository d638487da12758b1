/*
 * Calls that ask or change what is there, answered one after the other.
 *
 * Answers can be long: a list goes out one by one, and waits while the client does not read. Lists show
 * only what is in the virtual host and what the user may read; so they are asked of the engine page by
 * page until there are as many as the client wants.
 */

import { isAbsolute } from 'node:path'
import type { DeadLetter, DeadLetterFilter, Engine } from '../engine.ts'
import { HomingError } from '../errors.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import {
  deadLetterFilterFrom,
  gatherFrom,
  outcomeFilterFrom,
  queueSettingsFrom,
} from './requests.ts'
import type { SessionShare } from './subscriptions.ts'

export interface QuestionsParts extends SessionShare {
  /** A question was answered: further calls may be read. */
  goOn(): void
}

/** Calls that are not answered yet before no more are read. */
const openMax = 64
const pageMax = 20
/** What an engine gives when no limit is named. */
const limitUsual = 100
/** Dead letters replayed or dropped in one durable step. */
const stepMax = 100

export class Questions {
  readonly #parts: QuestionsParts
  #last: Promise<void> = Promise.resolve()
  #open = 0
  #isOver = false
  /** The one that waits for the client to read. */
  #waiting: (() => void) | undefined

  constructor(parts: QuestionsParts) {
    this.#parts = parts
  }

  get isFull(): boolean {
    return this.#open >= openMax
  }

  /** There may be room again. */
  resume(): void {
    if (this.#parts.hasRoom()) this.#waiting?.()
  }

  close(): void {
    this.#isOver = true
    this.#waiting?.()
  }

  declareQueue(call: number, queue: string, value: unknown): void {
    const { access, engine, events, names } = this.#parts
    void this.#ask(call, async () => {
      const { deadLetter, ...others } = queueSettingsFrom(value)
      const settings = deadLetter === undefined ? others : { ...others, deadLetter }
      access.checkDeclare(queue, settings)
      const scoped = deadLetter && { ...deadLetter, exchange: names.in(deadLetter.exchange) }
      await engine.declareQueue(
        names.in(queue),
        scoped ? { ...others, deadLetter: scoped } : others,
      )
      return () => events.done(call)
    })
  }

  cancel(call: number, id: string, reason: string | undefined): void {
    const { access, engine, events, names } = this.#parts
    void this.#ask(call, async () => {
      if (!access.mayAskById) access.refuse('to cancel messages by their id')
      const canceled = await engine.cancel(names.idIn(id), reason)
      return () => events.counted(call, canceled ? 1 : 0)
    })
  }

  gather(call: number, value: unknown): void {
    const { access, engine, events, names } = this.#parts
    void this.#ask(call, async () => {
      const { id, memberIds, callback } = gatherFrom(value)
      access.checkCallbacks([callback.name])
      if (!access.mayAskById) access.refuse('to gather messages by their ids')
      await engine.gather({
        id: names.idIn(id),
        memberIds: memberIds.map((member) => names.idIn(member)),
        callback: { ...callback, name: names.callbackIn(callback.name) },
      })
      return () => events.done(call)
    })
  }

  purgeQueue(call: number, queue: string): void {
    const { access, engine, events, names } = this.#parts
    void this.#ask(call, async () => {
      access.checkPurge(queue)
      const count = await engine.purgeQueue(names.in(queue))
      return () => events.counted(call, count)
    })
  }

  setPaused(call: number, queue: string, paused: boolean): void {
    const { access, engine, events, names } = this.#parts
    void this.#ask(call, async () => {
      access.checkPause(queue)
      const done = paused
        ? engine.pauseQueue?.(names.in(queue))
        : engine.resumeQueue?.(names.in(queue))
      if (done === undefined) throw cannot(engine, 'pause queues')
      await done
      return () => events.done(call)
    })
  }

  backup(call: number, directory: string): void {
    const { access, engine, events } = this.#parts
    void this.#ask(call, async () => {
      access.checkBackup()
      if (!isAbsolute(directory)) throw notFull(directory)
      const taken = engine.backup?.(directory, { isMade: true })
      if (taken === undefined) throw cannot(engine, 'take a backup')
      const report = await taken
      return () => events.backedUp(call, report)
    })
  }

  answer(call: number, id: string): void {
    const { access, engine, events, names } = this.#parts
    this.#askInTurn(call, async () => {
      const answer = await engine.answer(names.idIn(id))
      if (answer.state !== 'final') return () => events.answered(call, answer)
      const outcome = names.outcomeOut(answer.outcome)
      if (!access.mayAskById && !access.mayRead(outcome.queue))
        access.refuse(`to read what became of messages in queue '${outcome.queue}'`)
      return () => events.answered(call, { state: 'final', outcome })
    })
  }

  queues(call: number): void {
    const { access, engine, events, names } = this.#parts
    this.#askInTurn(call, async () => {
      for (const stats of await engine.queues()) {
        if (!names.has(stats.name)) continue
        const out = names.statsOut(stats)
        if (access.maySee(out.name)) await this.#tell(() => events.queueStats(call, out))
      }
      return () => events.done(call)
    })
  }

  outcomes(call: number, value: unknown): void {
    const { engine, events, names } = this.#parts
    this.#askInTurn(call, async () => {
      const filter = outcomeFilterFrom(value)
      const { queue, after, limit = limitUsual, ...others } = filter
      const scoped = { ...others, ...this.#ofQueue(queue) }
      let left = limit
      for await (const outcome of this.#pages<StoredOutcome>(
        after,
        ({ id }) => id,
        (page) => engine.outcomes({ ...scoped, ...page }),
      )) {
        if (left <= 0) break
        if (!this.#mayShow(outcome.queue)) continue
        left--
        await this.#tell(() => events.outcome(call, names.outcomeOut(outcome)))
      }
      return () => events.done(call)
    })
  }

  deadLetters(call: number, value: unknown): void {
    const { events, names } = this.#parts
    this.#askInTurn(call, async () => {
      const filter = deadLetterFilterFrom(value)
      for await (const letter of this.#letters(filter, filter.limit ?? limitUsual))
        await this.#tell(() => events.deadLetter(call, names.letterOut(letter)))
      return () => events.done(call)
    })
  }

  replayDeadLetters(call: number, value: unknown): void {
    const { access, engine, events, names } = this.#parts
    this.#askInTurn(call, async () => {
      const ids = await this.#takenIds(value, ({ message, queue }) => {
        const { exchange, routingKey } = names.messageOut(message)
        access.checkPublish(exchange, exchange === '' ? names.out(queue) : routingKey)
      })
      const replayed: string[] = []
      for (let at = 0; at < ids.length && !this.#isOver; at += stepMax)
        replayed.push(...(await engine.replayDeadLetters({ ids: ids.slice(at, at + stepMax) })))
      return () =>
        events.ids(
          call,
          replayed.map((id) => names.out(id)),
        )
    })
  }

  dropDeadLetters(call: number, value: unknown): void {
    const { engine, events } = this.#parts
    this.#askInTurn(call, async () => {
      const ids = await this.#takenIds(value, () => undefined)
      let count = 0
      for (let at = 0; at < ids.length && !this.#isOver; at += stepMax)
        count += await engine.dropDeadLetters({ ids: ids.slice(at, at + stepMax) })
      return () => events.counted(call, count)
    })
  }

  async #takenIds(value: unknown, check: (letter: DeadLetter) => void): Promise<readonly string[]> {
    const filter = deadLetterFilterFrom(value)
    const ids: string[] = []
    for await (const letter of this.#letters(filter, filter.limit ?? Number.POSITIVE_INFINITY)) {
      check(letter)
      ids.push(letter.message.id)
    }
    return ids
  }

  /** Those the user may read. Fails with `access-refused` for a queue that it may not. */
  async *#letters(filter: DeadLetterFilter, limit: number): AsyncGenerator<DeadLetter> {
    const { engine, names } = this.#parts
    const { queue, ids, after } = filter
    const scoped = {
      ...this.#ofQueue(queue),
      ...(ids && { ids: ids.map((id) => names.idIn(id)) }),
    }
    let left = limit
    const page = (asked: Page): Promise<readonly DeadLetter[]> =>
      engine.deadLetters({ ...scoped, ...asked })
    for await (const letter of this.#pages<DeadLetter>(after, ({ message }) => message.id, page)) {
      if (left <= 0) return
      if (!this.#mayShow(letter.queue)) continue
      left--
      yield letter
    }
  }

  async *#pages<T>(
    from: string | undefined,
    idOf: (one: T) => string,
    ask: (page: Page) => Promise<readonly T[]>,
  ): AsyncGenerator<T> {
    let after = from === undefined ? undefined : this.#parts.names.idIn(from)
    while (!this.#isOver) {
      const page = await ask({ limit: pageMax, ...(after !== undefined && { after }) })
      yield* page
      const last = page.at(-1)
      if (last === undefined || page.length < pageMax) return
      after = idOf(last)
    }
  }

  #ofQueue(queue: string | undefined): { readonly queue?: string } {
    const { access, names } = this.#parts
    if (queue === undefined) return {}
    if (!access.mayRead(queue)) access.refuse(`to read what became of messages in queue '${queue}'`)
    return { queue: names.in(queue) }
  }

  #mayShow(queue: string): boolean {
    const { access, names } = this.#parts
    return names.has(queue) && access.mayRead(names.out(queue))
  }

  /** Tells one of a list when there is room for it. */
  async #tell(write: () => void): Promise<void> {
    await this.#room()
    if (this.#isOver) return
    write()
    this.#parts.wake()
  }

  async #room(): Promise<void> {
    while (!this.#isOver && !this.#parts.hasRoom()) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
      this.#waiting = undefined
    }
  }

  /** Behind those asked before: its answer may be long. */
  #askInTurn(call: number, ask: () => Promise<() => void>): void {
    const before = this.#last
    this.#last = this.#ask(call, async () => {
      await before
      const told = await ask()
      await this.#room()
      return told
    })
  }

  async #ask(call: number, ask: () => Promise<() => void>): Promise<void> {
    this.#open++
    try {
      const told = await ask()
      if (!this.#isOver) {
        told()
        this.#parts.wake()
      }
    } catch (error) {
      this.#parts.failed(call, error)
    }
    this.#open--
    this.#parts.goOn()
  }
}

const cannot = ({ kind }: Engine, what: string): HomingError =>
  new HomingError('unsupported', `the engine "${kind}" of this server cannot ${what}`)

const notFull = (directory: string): HomingError =>
  new HomingError(
    'bad-argument',
    `"${directory}" is no full path, and another process would look for it elsewhere; give one that begins with /`,
  )

interface Page {
  readonly limit: number
  readonly after?: string
}
