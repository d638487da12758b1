/*
 * The embedded engine on a simulated disk, clock and ledger, and small steps with it: send, take,
 * settle, crash, open again.
 */

import { type Broker, openBroker } from '../../src/embedded/broker.ts'
import { type EmbeddedOptions, engineOptions } from '../../src/embedded/engine-options.ts'
import type { Engine } from '../../src/engine.ts'
import type { HomingError } from '../../src/errors.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import type { Message } from '../../src/message/message.ts'
import type { StoredOutcome } from '../../src/message/outcome.ts'
import { type RandomSource, randomSource } from '../../src/testing/random.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { SimulatedDisk, type SimulatedDiskOptions } from '../../src/testing/simulated-disk.ts'
import { SimulatedLedger } from '../../src/testing/simulated-ledger.ts'

/** Segments, checkpoints and memory of a few KiB, so that all of them come and go in a small test. */
export const smallSizes: EmbeddedOptions = {
  segmentBytes: 8_192,
  checkpointBytes: 16_384,
  tailBytes: 4_096,
  indexBytes: 0,
  reserveBytes: 0,
}

export const messageOf = (
  queue: string,
  id: string,
  body = id,
  more: Partial<Message> = {},
): Message => ({
  id,
  idChosen: true,
  exchange: '',
  routingKey: queue,
  contentType: 'text/plain; charset=utf-8',
  body: Buffer.from(body),
  priority: 0,
  deadlineAtMs: Number.POSITIVE_INFINITY,
  availableAtMs: 0,
  timeoutMs: 0,
  attemptsMax: 5,
  meta: undefined,
  ...more,
})

export const ok = (text = 'done') => ({
  kind: 'final' as const,
  code: 'ok',
  contentType: 'text/plain; charset=utf-8',
  body: Buffer.from(text),
})

export interface Inbox {
  readonly deliveries: Delivery[]
  readonly revoked: string[]
  stop(): void
  close(): Promise<void>
}

/** A short name of a delivery: its id, `R` when it was delivered before. */
export const named = ({ message, redelivered }: Delivery): string =>
  message.id + (redelivered ? 'R' : '')

export class EngineTrial {
  readonly clock = new SimulatedClock()
  readonly problems: string[] = []
  readonly failures: HomingError[] = []
  disk: SimulatedDisk
  ledger: SimulatedLedger
  #broker: Broker | undefined
  #options: EmbeddedOptions
  readonly #random: RandomSource

  constructor(options: EmbeddedOptions = {}, disk: SimulatedDiskOptions = {}, seed = 1) {
    this.#options = options
    this.#random = randomSource(seed)
    this.disk = new SimulatedDisk({ clock: this.clock, random: this.#random.fork(), ...disk })
    this.ledger = new SimulatedLedger(this.#random.fork(), { clock: this.clock })
  }

  static async open(
    options: EmbeddedOptions = {},
    disk: SimulatedDiskOptions = {},
    seed = 1,
  ): Promise<EngineTrial> {
    const trial = new EngineTrial(options, disk, seed)
    await trial.open()
    return trial
  }

  async open(options: EmbeddedOptions = this.#options): Promise<void> {
    this.#options = options
    const settings = engineOptions({
      onProblem: (text) => this.problems.push(text),
      onFailed: (error) => this.failures.push(error),
      ...options,
    })
    const devices = {
      disk: this.disk,
      clock: this.clock,
      ledger: this.ledger.open(),
      random16: () => 4_242,
    }
    this.#broker = await this.clock.until(openBroker(devices, settings))
  }

  /** The same, with what only this engine has. */
  get broker(): Broker {
    if (!this.#broker) throw new Error('the engine is not open')
    return this.#broker
  }

  get engine(): Engine {
    if (!this.#broker) throw new Error('the engine is not open')
    return this.#broker
  }

  /** Lets what the promise waits for happen. */
  until<T>(promise: Promise<T>): Promise<T> {
    return this.clock.until(promise)
  }

  async close(): Promise<void> {
    await this.until(this.engine.close())
  }

  async reopen(options?: EmbeddedOptions): Promise<void> {
    await this.close()
    await this.open(options)
  }

  /** The process dies; with the power, what was not synced may be gone too. */
  async crash(how: 'power' | 'kill' = 'kill', options?: EmbeddedOptions): Promise<void> {
    this.disk =
      how === 'kill'
        ? this.disk.afterKill(this.#random.fork())
        : this.disk.afterPowerCut(this.#random.fork())
    this.ledger = this.ledger.afterCrash(this.#random.fork(), how)
    this.clock.restart(1_000)
    await this.open(options)
  }

  /** A ledger of which nothing is left. */
  loseLedger(): void {
    this.ledger = new SimulatedLedger(this.#random.fork(), { clock: this.clock })
  }

  async send(queue: string, ...ids: string[]): Promise<void> {
    for (const id of ids) await this.until(this.engine.publish(messageOf(queue, id)))
  }

  async publish(message: Message): Promise<void> {
    await this.until(this.engine.publish(message))
  }

  consume(queue: string, prefetch = 100): Inbox {
    const deliveries: Delivery[] = []
    const revoked: string[] = []
    const subscription = this.engine.subscribe(
      queue,
      { prefetch },
      {
        deliver: (delivery) => deliveries.push(delivery),
        revoke: (delivery, reason) => revoked.push(`${delivery.message.id} ${reason}`),
      },
    )
    const close = () => this.until(subscription.close())
    return { deliveries, revoked, stop: () => subscription.stop(), close }
  }

  /** Takes so many messages, and stops there. */
  async take(queue: string, count: number): Promise<Delivery[]> {
    const inbox = this.consume(queue, count)
    for (let ms = 0; inbox.deliveries.length < count && ms < 5_000; ms += 10) {
      await this.clock.advance(10)
    }
    inbox.stop()
    return inbox.deliveries
  }

  async answerOk(...deliveries: Delivery[]): Promise<void> {
    for (const delivery of deliveries) await this.until(this.engine.settle(delivery, ok()))
  }

  /** Everything that can be delivered now, in its order, answered. */
  async drain(queue: string): Promise<string[]> {
    const inbox = this.consume(queue)
    for (let done = 0; ; ) {
      await this.clock.advance(50)
      if (inbox.deliveries.length === done) break
      while (done < inbox.deliveries.length) {
        await this.answerOk(inbox.deliveries[done++] as Delivery)
      }
    }
    await inbox.close()
    return inbox.deliveries.map(named)
  }

  async state(id: string): Promise<string> {
    const answer = await this.until(this.engine.answer(id))
    return answer.state === 'final' ? answer.outcome.code : answer.state
  }

  async outcomes(): Promise<readonly StoredOutcome[]> {
    return this.until(this.engine.outcomes({ limit: 1_000_000 }))
  }

  async names(pattern = /./): Promise<string[]> {
    return (await this.until(this.disk.list())).filter((name) => pattern.test(name)).toSorted()
  }

  /** Changes one file's bytes behind the engine's back. */
  alter(name: string, change: (bytes: Uint8Array) => Uint8Array | undefined): void {
    const inode = this.disk.state.find(name)
    if (!inode) throw new Error(`there is no ${name}`)
    const bytes = inode.seen.slice(0, inode.seenLength)
    const changed = change(bytes) ?? bytes
    inode.seen = changed.slice()
    inode.seenLength = changed.length
    inode.durable = changed.slice()
    inode.durableLength = changed.length
    inode.dirty = []
  }
}
