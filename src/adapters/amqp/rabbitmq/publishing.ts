/*
 * From a producer into the queue.
 *
 *   id not chosen   published, confirmed ─▶ known to the ledger ─▶ told
 *   id chosen       claimed in the ledger ─▶ published, confirmed ─▶ known ─▶ told
 *                        └─ known, or being published by another: a duplicate
 */

import { type Clock, sleep } from '../../../clock.ts'
import { checkMessage, checkMeta } from '../../../embedded/port-checks.ts'
import type { Accepted } from '../../../engine.ts'
import { HomingError } from '../../../errors.ts'
import type { Message } from '../../../message/message.ts'
import type { Acceptance, SharedLedger } from '../../../shared-ledger/shared-ledger.ts'
import { unsupported } from '../../../unsupported.ts'
import type { OpenSends } from './open-sends.ts'
import { engineKind, noPriorities, type QueueKind } from './queue-arguments.ts'
import type { Sending } from './sending.ts'
import type { Carried } from './wire-message.ts'

export interface PublishingParts {
  readonly ledger: SharedLedger
  readonly sending: Sending
  readonly openSends: OpenSends
  readonly clock: Clock
  readonly nowMs: () => number
  readonly kind: QueueKind
  /** The queue that its outcome is sent to. */
  readonly reply: () => string
  readonly accepted: (queue: string) => void
}

export class Publishing {
  readonly #parts: PublishingParts
  /** All messages of a contract that were given none of their own have the same. */
  #checked: Message['meta']

  constructor(parts: PublishingParts) {
    this.#parts = parts
  }

  /** `again`: on an earlier link, from this process; what it claimed then is its own. */
  publish(messages: readonly Message[], again: boolean): Promise<readonly Accepted[]> {
    for (const message of messages) this.#check(message)
    const [only] = messages
    return only !== undefined && messages.length === 1
      ? this.#publish(only, again).then((accepted) => [accepted])
      : Promise.all(messages.map((message) => this.#publish(message, again)))
  }

  #check(message: Message): void {
    checkMessage(message)
    if (message.meta !== this.#checked) {
      checkMeta(message, JSON.stringify(message.meta))
      this.#checked = message.meta
    }
    const { kind } = this.#parts
    if (message.exchange !== '') {
      throw unsupported(
        engineKind,
        `the exchange "${message.exchange}"`,
        'a message has one outcome, so it goes to one queue; send to its name',
      )
    }
    if (message.priority > 0 && kind === 'quorum') {
      throw unsupported(engineKind, 'priority', noPriorities)
    }
  }

  async #publish(message: Message, again: boolean): Promise<Accepted> {
    const { openSends, nowMs, reply, ledger, sending } = this.#parts
    const mine = again && openSends.has(message.id)
    const acceptedAtMs = openSends.get(message.id)?.acceptedAtMs ?? nowMs()
    const carried: Carried = { message, acceptedAtMs, attempts: 0, excused: 0, reply: reply() }
    if (message.idChosen && !(await this.#claimed(carried, mine))) {
      return { id: message.id, duplicate: !mine, confirmedAtMs: nowMs() }
    }
    openSends.add(carried, nowMs())
    try {
      await sending.send(carried)
    } catch (error) {
      // Unknown whether it arrived: it is sent again on the next link, or the claim runs out.
      if (!(error instanceof HomingError) || error.code === 'connection-lost') throw error
      openSends.delete(message.id)
      if (message.idChosen) await ledger.withdraw([message.id])
      throw error
    }
    if (message.idChosen) await ledger.confirmed([message.id])
    else await ledger.accept([acceptance(carried, true)])
    this.#parts.accepted(message.routingKey)
    return { id: message.id, duplicate: false, confirmedAtMs: nowMs() }
  }

  /** True when it is to be published now. */
  async #claimed(carried: Carried, mine: boolean): Promise<boolean> {
    const { ledger, clock } = this.#parts
    for (;;) {
      const [claim] = await ledger.accept([acceptance(carried, false)])
      if (claim === undefined || claim.state === 'known') return false
      if (claim.state === 'yours' || mine) return true
      const { retryInMs } = claim
      await sleep(clock, Math.min(retryInMs, pollMs))
    }
  }
}

/** Mostly the other one is done in some milliseconds. */
const pollMs = 20

function acceptance({ message, acceptedAtMs }: Carried, confirmed: boolean): Acceptance {
  const { id, routingKey: queue, deadlineAtMs, meta } = message
  const callbacks = meta?.callbacks
  return {
    id,
    queue,
    acceptedAtMs,
    deadlineAtMs,
    confirmed,
    ...(callbacks !== undefined && { callbacks }),
  }
}
