/*
 * What a consumer does with what arrives, before anybody works on it.
 *
 * Rule: a message that has its outcome is not handed out; its outcome is sent once more, because whoever
 * ended it may have died before he had sent it, and only then is the message acknowledged.
 */

import type { Buffer } from 'node:buffer'
import type { MessageProperties } from 'amqplib'
import { type Clock, sleep } from '../../../clock.ts'
import type { StoredOutcome } from '../../../message/outcome.ts'
import type { LedgerEntry, SharedLedger } from '../../../shared-ledger/shared-ledger.ts'
import type { Acknowledgements } from './acknowledgements.ts'
import { waitedOutMs } from './delay-steps.ts'
import type { Finishing } from './finishing.ts'
import type { HeldDeliveries } from './held-deliveries.ts'
import { jsonBody } from './json-body.ts'
import { unreadableQueue } from './names.ts'
import type { Publisher } from './publisher.ts'
import type { Sending } from './sending.ts'
import { type Carried, decodeMessage } from './wire-message.ts'

export interface ArrivedMessage {
  /** Of the channel that it came on. */
  readonly acknowledgements: Acknowledgements
  readonly deliveryTag: number
  readonly redelivered: boolean
  readonly content: Buffer
  readonly properties: MessageProperties
}

export interface ArrivalsParts {
  readonly ledger: SharedLedger
  readonly sending: Sending
  readonly finishing: Finishing
  readonly publisher: Publisher
  readonly clock: Clock
  readonly nowMs: () => number
  readonly mintId: () => string
  readonly onProblem: (text: string) => void
  readonly isOver: () => boolean
  /** In the hands of a consumer of this process. */
  readonly held: HeldDeliveries
}

export interface Place {
  readonly queue: string
  handOut(arrived: ArrivedMessage, carried: Carried): void
  /** Its channel is still the consumer's. */
  isCurrent(arrived: ArrivedMessage): boolean
}

interface Read {
  readonly arrived: ArrivedMessage
  readonly carried: Carried
}

const againMs = 1_000
const twinMs = 1_000

export class Arrivals {
  readonly #parts: ArrivalsParts

  constructor(parts: ArrivalsParts) {
    this.#parts = parts
  }

  /** Hands out, in order, what is to be worked on; the rest goes its way. */
  async sort(all: readonly ArrivedMessage[], place: Place): Promise<void> {
    const read: Read[] = []
    for (const arrived of all) {
      const one = this.#read(arrived, place.queue)
      if (one !== undefined) read.push(one)
    }
    if (read.length === 0) return
    const entries = await this.#lookUp(read, place)
    if (entries === undefined) return
    read.forEach((one, n) => {
      const entry = entries[n]
      if (entry !== undefined && place.isCurrent(one.arrived)) this.#sortOne(one, entry, place)
    })
  }

  #read(arrived: ArrivedMessage, queue: string): Read | undefined {
    const { nowMs, mintId } = this.#parts
    try {
      const carried = decodeMessage(arrived, queue, nowMs(), mintId)
      const counted = Number(arrived.properties.headers?.['x-delivery-count'] ?? 0)
      if (counted > 0) {
        return { arrived, carried: { ...carried, attempts: carried.attempts + counted } }
      }
      if (!arrived.redelivered) return { arrived, carried }
      // A classic queue does not say how often: counted in a copy, before anybody works on it.
      const copy = { ...carried, attempts: carried.attempts + 1 }
      this.#replace(arrived, () => this.#parts.sending.send(copy))
    } catch (error) {
      this.#parts.onProblem(
        `a message of queue "${queue}" is moved to "${unreadableQueue}": ${error}`,
      )
      this.#replace(arrived, () => this.#setAside(arrived))
    }
    return undefined
  }

  async #setAside({ content, properties }: ArrivedMessage): Promise<void> {
    const { messageId, contentType, headers } = properties
    const options = { messageId, contentType, headers, persistent: true, mandatory: true }
    await this.#parts.publisher.publish({
      exchange: '',
      routingKey: unreadableQueue,
      body: content,
      options,
    })
  }

  /** While the ledger cannot be asked nothing is handed out: the messages wait here. */
  async #lookUp(read: readonly Read[], place: Place): Promise<readonly LedgerEntry[] | undefined> {
    const ids = read.map(({ carried }) => carried.message.id)
    for (let told = false; ; told = true) {
      try {
        return await this.#parts.ledger.lookUp(ids)
      } catch (error) {
        if (this.#parts.isOver() || !read.some(({ arrived }) => place.isCurrent(arrived))) {
          return undefined
        }
        if (!told) this.#parts.onProblem(`queue "${place.queue}" waits for the ledger: ${error}`)
      }
      await sleep(this.#parts.clock, againMs)
    }
  }

  #sortOne({ arrived, carried }: Read, entry: LedgerEntry, place: Place): void {
    const { finishing, sending, nowMs } = this.#parts
    const { message, attempts, excused, reply } = carried
    if (entry.state === 'final') {
      const { outcome, unsent } = entry
      this.#replace(arrived, () => finishing.sendAll(outcome, unsent, reply))
    } else if (entry.state === 'forgotten') {
      acknowledge(arrived)
    } else if (message.deadlineAtMs <= nowMs()) {
      const data = { deadlineAtMs: message.deadlineAtMs }
      this.end(arrived, carried, place.queue, 'expired', data)
    } else if (attempts > 0 && attempts - excused >= message.attemptsMax) {
      this.end(arrived, carried, place.queue, 'lost', { attempts })
    } else if (this.#parts.held.isHeld(message.id)) {
      // Published twice, when it was unknown whether it had arrived: until the other one is settled.
      const later = { ...message, availableAtMs: nowMs() + twinMs }
      this.#replace(arrived, () => sending.send({ ...carried, message: later }))
    } else if (message.availableAtMs - nowMs() > waitedOutMs) {
      this.#replace(arrived, () => sending.send(carried))
    } else if (message.availableAtMs > nowMs()) {
      this.#parts.clock.after(message.availableAtMs - nowMs(), () => {
        if (place.isCurrent(arrived)) place.handOut(arrived, carried)
      })
    } else place.handOut(arrived, carried)
  }

  /** Its outcome, without work. */
  end(
    arrived: ArrivedMessage,
    carried: Carried,
    queue: string,
    code: StoredOutcome['code'],
    data: unknown,
  ): void {
    const { message, acceptedAtMs, attempts, reply } = carried
    const outcome = {
      id: message.id,
      queue,
      code,
      ...jsonBody(data),
      attempts,
      acceptedAtMs,
      finishedAtMs: this.#parts.nowMs(),
    }
    this.#replace(arrived, async () => {
      const { sent } = await this.#parts.finishing.finish({ outcome, message, reply })
      await sent
    })
  }

  /** Acknowledged when that is done; tried again until it is, or the link is over. */
  #replace(arrived: ArrivedMessage, done: () => Promise<void>): void {
    done().then(
      () => acknowledge(arrived),
      (error: unknown) => {
        if (this.#parts.isOver()) return
        this.#parts.onProblem(`a message is kept, and tried again: ${error}`)
        this.#parts.clock.after(againMs, () => this.#replace(arrived, done))
      },
    )
  }
}

const acknowledge = ({ acknowledgements, deliveryTag }: ArrivedMessage): void =>
  acknowledgements.acknowledge(deliveryTag)
