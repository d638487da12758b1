/*
 * Starting and finishing gathers. What a gather is, and why it survives a crash: gathers.ts.
 */

import type { GatherRequest } from '../engine.ts'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import { encodeGathered, gatheredContentType } from '../message/homecoming.ts'
import { callbackQueue, type Message } from '../message/message.ts'
import { checkScopedId, checkScopedName } from '../name.ts'
import type { Core } from './core.ts'
import { gatheredMessageId } from './gathers.ts'
import { recordTypes } from './journal/record.ts'
import type { KnownIds } from './known-ids.ts'
import type { Publishing } from './publishing.ts'

export class Gathering {
  readonly #core: Core
  readonly #publishing: Publishing
  readonly #ids: KnownIds
  /** Those not on record yet: asking again is waiting for the first. */
  readonly #starting = new Map<string, Promise<void>>()

  constructor(core: Core, publishing: Publishing, ids: KnownIds) {
    this.#core = core
    this.#publishing = publishing
    this.#ids = ids
  }

  /** Fails with `unknown` when a member was never accepted, `forgotten` when its outcome is gone. */
  start(request: GatherRequest): Promise<void> {
    const { id } = request
    try {
      checkRequest(request)
    } catch (error) {
      return Promise.reject(error)
    }
    const under = this.#starting.get(id)
    if (under) return under
    const starting = this.#start(request).finally(() => this.#starting.delete(id))
    this.#starting.set(id, starting)
    return starting
  }

  async #start(request: GatherRequest): Promise<void> {
    const { state, journal, outcomes } = this.#core
    const known = state.gathers.all.has(request.id)
    if (known || (await this.#ids.isKnown(gatheredMessageId(request.id)))) {
      return journal.durable()
    }
    for (const id of request.memberIds) {
      if (!(await this.#ids.isKnown(id))) {
        throw new HomingError(
          'unknown',
          `gather ${request.id}: no message ${id} was ever accepted`,
          { id },
        )
      }
    }
    // Counted from here on, in memory; what was final before, shown or not, is found afterwards.
    const gather = state.gathers.add({ request, remaining: request.memberIds }, false)
    await journal.durable()
    for (const id of gather.remaining) {
      if (await outcomes.lookUp(id)) gather.remaining.delete(id)
    }
    journal.begin().raw(Buffer.from(JSON.stringify({ request, remaining: [...gather.remaining] })))
    journal.end(recordTypes.gather)
    gather.recorded = true
    if (gather.remaining.size === 0) this.finished(request.id)
    await journal.durable()
  }

  /** The last member has its outcome: its callback's message is accepted, once. */
  finished(gatherId: string): void {
    const gather = this.#core.state.gathers.all.get(gatherId)
    if (!gather?.recorded) return
    const message = gatheredMessage(gather.request)
    this.#core.state.gathers.told(message.id)
    this.#publishing.accept(message)
  }

  /** Gathers that a crash cut off between the last outcome and the telling. */
  resume(): void {
    for (const gather of this.#core.state.gathers.complete()) this.finished(gather.request.id)
  }
}

function checkRequest({ id, memberIds, callback }: GatherRequest): void {
  checkScopedId(gatheredMessageId(id))
  if (id === '') throw new HomingError('bad-argument', 'the id of a gather is empty; give it one')
  checkScopedName(callback.name, 'the callback name')
  checkScopedName(callbackQueue(callback.name), 'the queue name of the callback')
  const contextBytes = Buffer.byteLength(callback.context ?? '')
  if (contextBytes > limits.metaBytesMax) {
    throw new HomingError(
      'message-too-large',
      `the context of gather ${id} has ${contextBytes} bytes, ${limits.metaBytesMax} are allowed`,
    )
  }
  if (memberIds.length > limits.gatherMembersMax) {
    throw new HomingError(
      'bad-argument',
      `gather ${id} has ${memberIds.length} members, ${limits.gatherMembersMax} are allowed; gather in stages`,
    )
  }
}

function gatheredMessage({ id, memberIds, callback }: GatherRequest): Message {
  return {
    id: gatheredMessageId(id),
    idChosen: true,
    exchange: '',
    routingKey: callbackQueue(callback.name),
    contentType: gatheredContentType,
    body: encodeGathered({ gatherId: id, memberIds, context: callback.context }),
    priority: 0,
    deadlineAtMs: Number.POSITIVE_INFINITY,
    availableAtMs: 0,
    timeoutMs: limits.timeoutMsDefault,
    attemptsMax: limits.callbackAttemptsDefault,
    meta: undefined,
  }
}
