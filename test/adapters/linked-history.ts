/*
 * One random history of a linked engine on a simulated machine.
 */

import { type LinkedEngine, openLinkedEngine } from '../../src/adapters/linked-engine.ts'
import { HomingError } from '../../src/errors.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import type { Message } from '../../src/message/message.ts'
import type { Settled, Settlement } from '../../src/message/settlement.ts'
import { type RandomSource, randomSource } from '../../src/testing/random.ts'
import { openSimulatedEngine, type SimulatedEngine } from '../../src/testing/simulated-engine.ts'
import { CuttableLink, type Wire } from './cuttable-link.ts'

interface Sent {
  readonly id: string
  accepted: number
  error: unknown
  readonly told: string[]
}

interface Delivered {
  readonly id: string
  readonly tag: number
  readonly attempt: number
  /** Its outcome was told before. */
  readonly afterOutcome: boolean
  revoked: number
  readonly settles: Settled[]
  /** What the last settle says, when it is a final one. */
  text: string | undefined
}

export interface History {
  readonly seed: number
  readonly sent: Sent[]
  readonly deliveries: Delivered[]
  /** What stands in the end. */
  readonly outcomes: Map<string, string>
  /** Numbers of the messages that were never delivered before, by queue, as they came. */
  readonly firstDeliveries: Map<string, number[]>
  cuts: number
}

const queues = ['a', 'b'] as const
const messagesPerQueue = 40
const lastsMs = 3_000
const text = new TextDecoder()

class Player {
  readonly history: History
  readonly #machine: SimulatedEngine
  readonly #random: RandomSource
  #engine: LinkedEngine | undefined
  #link: CuttableLink | undefined
  #isQuiet = false

  constructor(seed: number, machine: SimulatedEngine) {
    this.#machine = machine
    this.#random = randomSource(seed)
    this.history = {
      ...{ seed, sent: [], deliveries: [], cuts: 0 },
      ...{ outcomes: new Map(), firstDeliveries: new Map(queues.map((name) => [name, []])) },
    }
  }

  get engine(): LinkedEngine {
    return this.#engine as LinkedEngine
  }

  async open(): Promise<void> {
    const wire: Wire = {
      clock: this.#machine.clock,
      delayMs: () => this.#random.below(20),
      arriving: (count) => this.#random.below(count + 1),
      noticedAfterMs: () => this.#random.below(3) * this.#random.below(200),
    }
    const opening = openLinkedEngine({
      open: async () => {
        await this.#wait(this.#random.below(30))
        const isFirst = this.#link === undefined
        if (!isFirst && !this.#isQuiet && this.#random.below(3) === 0) {
          throw new HomingError('unreachable', 'nobody there')
        }
        this.#link?.replaced()
        this.#link = new CuttableLink(this.#machine.engine, wire)
        return this.#link
      },
      ...{
        where: 'there',
        clock: this.#machine.clock,
        random: () => this.#random.below(100) / 100,
      },
      ...{ onProblem: () => undefined, onBack: () => undefined },
    })
    this.#engine = await this.#machine.clock.until(opening)
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#machine.clock.after(ms, resolve)
    })
  }

  #at(ms: number, run: () => void): void {
    this.#machine.clock.after(ms, run)
  }

  play(): void {
    for (const queue of queues) {
      this.#sendAll(queue)
      this.#consume(queue)
    }
    let atMs = 0
    while (atMs < lastsMs) {
      atMs += 20 + this.#random.below(200)
      this.#at(atMs, () => {
        if (this.#link?.over === false) this.history.cuts++
        this.#link?.cut()
      })
    }
  }

  #sendAll(queue: string): void {
    let atMs = 0
    for (let number = 0; number < messagesPerQueue; number++) {
      atMs += this.#random.below((2 * lastsMs) / messagesPerQueue)
      this.#at(atMs, () => this.#send(queue, number))
    }
  }

  #send(queue: string, number: number): void {
    const kind = this.#random.below(10)
    const chosenTwice = kind === 0
    const message = messageFor(this.engine, queue, number, kind < 3)
    const { id } = message
    const sent: Sent = { id, accepted: 0, error: undefined, told: [] }
    this.history.sent.push(sent)
    const failed = (error: unknown): void => {
      sent.error = error
    }
    this.engine.publish(message).then(() => sent.accepted++, failed)
    if (chosenTwice) this.engine.publish(message).catch(failed)
    this.engine.whenFinal(id, ({ body }) => sent.told.push(text.decode(body)))
  }

  #consume(queue: string): void {
    const of = new Map<Delivery, Delivered>()
    this.engine.subscribe(
      queue,
      { prefetch: 5 },
      {
        deliver: (delivery) => {
          const { message, tag, attempt, redelivered } = delivery
          const sent = this.history.sent.find(({ id }) => id === message.id)
          const delivered: Delivered = {
            ...{ id: message.id, tag, attempt, revoked: 0, settles: [], text: undefined },
            afterOutcome: sent !== undefined && sent.told.length > 0,
          }
          of.set(delivery, delivered)
          this.history.deliveries.push(delivered)
          const number = Number(text.decode(message.body))
          if (!redelivered) this.history.firstDeliveries.get(queue)?.push(number)
          this.#at(this.#random.below(60), () => this.#settle(delivery, delivered))
        },
        revoke: (delivery) => {
          const delivered = of.get(delivery)
          if (delivered !== undefined) delivered.revoked++
        },
      },
    )
  }

  #settle(delivery: Delivery, delivered: Delivered): void {
    const settlement = this.#settlement(delivery)
    if (settlement.kind === 'final') delivered.text = text.decode(settlement.body)
    const times = this.#random.below(8) === 0 ? 2 : 1
    for (let n = 0; n < times; n++) {
      this.engine.settle(delivery, settlement).then(
        (settled) => delivered.settles.push(settled),
        (error: unknown) => {
          throw error
        },
      )
    }
  }

  #settlement({ message, tag }: Delivery): Settlement {
    const kind = this.#random.below(10)
    if (kind === 0) return { kind: 'return' }
    const body = Buffer.from(`${message.id} by ${tag}`)
    if (kind === 1) return { kind: 'retry', delayMs: 30, code: 'thrown', body }
    return { kind: 'final', code: 'ok', contentType: 'text/plain', body }
  }

  /** Cuts no more, and lets everything come to its end. */
  async finish(): Promise<void> {
    const { clock, engine } = this.#machine
    await clock.advance(2 * lastsMs)
    this.#isQuiet = true
    await clock.advance(30_000)
    const listed = await clock.until(engine.outcomes({ limit: 10_000 }))
    for (const { id, body } of listed) this.history.outcomes.set(id, text.decode(body))
    await clock.until(this.engine.close())
    await clock.until(engine.close())
  }
}

function messageFor(
  engine: LinkedEngine,
  queue: string,
  number: number,
  idChosen: boolean,
): Message {
  return {
    id: idChosen ? `${queue}-${number}` : engine.mintId(),
    ...{ idChosen, exchange: '', routingKey: queue, contentType: 'text/plain' },
    body: Buffer.from(`${number}`),
    ...{ priority: 0, deadlineAtMs: Number.POSITIVE_INFINITY, availableAtMs: 0 },
    ...{ timeoutMs: 0, attemptsMax: 1_000, meta: undefined },
  }
}

/** Everything in it follows from the seed. */
export async function runHistory(seed: number): Promise<History> {
  const player = new Player(seed, await openSimulatedEngine({ seed }))
  await player.open()
  player.play()
  await player.finish()
  return player.history
}
