/*
 * A small machine for crash tests of the broker: no chance but in the fault, and steps that stop when the
 * power goes.
 */

import { randomSource } from '../../../src/testing/random.ts'
import { PowerGone, quietPlan } from '../../crash/bench.ts'
import type { World } from '../../simulation/world.ts'
import { asksQueue, repliesQueue } from '../simulation/broker-plan.ts'
import { BrokerRun } from '../simulation/broker-run.ts'
import { judgeBroker, type Made, makeWorld } from '../simulation/broker-simulation.ts'
import type { BrokerSystem } from '../simulation/broker-system.ts'
import { drawn } from '../simulation/drawn-message.ts'
import { goodTaking, SimulatedConsumer, type Taking } from '../simulation/simulated-consumer.ts'
import { type PublisherMode, SimulatedPublisher } from '../simulation/simulated-publisher.ts'
import { SimulatedResponder } from '../simulation/simulated-responder.ts'
import type { Site } from '../simulation/site.ts'
import { plainQueue, type QueuePlan } from '../simulation/topology.ts'

export type QueueGiven = Partial<QueuePlan> & { readonly name: string }

export interface Publish {
  readonly exchange?: string
  readonly persistent?: boolean
  readonly mandatory?: boolean
  readonly ttlMs?: number
}

const patienceMs = 5_000

export class BrokerBench {
  readonly world: World
  readonly site: Site
  readonly run: BrokerRun
  readonly #made: Made

  constructor(system: BrokerSystem, seed: number, queues: readonly QueueGiven[]) {
    const random = randomSource(seed)
    const asks = queues.some(({ name }) => name === asksQueue.name)
    const plan = {
      machine: { ...quietPlan, queues: [], callbacks: [] },
      asks,
      queues: [
        ...queues.map((queue) => ({ ...plainQueue, ...queue })),
        ...(asks ? [repliesQueue] : []),
      ],
    }
    this.#made = makeWorld(system, random, plan)
    this.world = this.#made.world
    this.site = this.#made.site
    this.run = new BrokerRun({ ...this.#made, system })
  }

  async open(): Promise<void> {
    if (!(await this.run.begin())) throw new PowerGone()
  }

  async pass(ms: number): Promise<void> {
    await this.world.clock.advance(ms)
    if (this.world.off) throw new PowerGone()
  }

  /** Waits for it; gives up on it after a while, as a client would. */
  async step(work: Promise<unknown>): Promise<void> {
    let isOver = false
    const done = () => {
      isOver = true
    }
    work.then(done, done)
    await this.pass(0)
    for (let ms = 0; !isOver && ms < patienceMs; ms += 2) await this.pass(2)
  }

  publisher(mode: PublisherMode): SimulatedPublisher {
    return new SimulatedPublisher(this.site, this.site.connect(), mode)
  }

  responder(): SimulatedResponder {
    return new SimulatedResponder(this.site, 'confirm')
  }

  async consumer(queue: string, taking: Partial<Taking> = {}): Promise<SimulatedConsumer> {
    const consumer = new SimulatedConsumer(this.site, [queue], {
      ...goodTaking,
      good: false,
      ...taking,
    })
    await this.pass(5)
    return consumer
  }

  /** So many to one key, and waits until they are answered. */
  async publish(
    publisher: SimulatedPublisher,
    key: string,
    count: number,
    given: Publish = {},
  ): Promise<void> {
    const { exchange = '', persistent = true, mandatory = false, ttlMs } = given
    const properties = {
      ...(persistent && { deliveryMode: 2 }),
      ...(ttlMs !== undefined && { expiration: `${ttlMs}` }),
    }
    for (let n = 0; n < count; n++) {
      const token = `m${this.site.next('token')}`
      const body = Buffer.from('body')
      publisher.publish(drawn({ token, exchange, key, properties, body }), mandatory)
    }
    publisher.client.flush()
    await this.answered(publisher)
  }

  async answered(publisher: SimulatedPublisher): Promise<void> {
    if (publisher.mode === 'tx') return
    for (let ms = 0; !publisher.isIdle && ms < patienceMs; ms += 2) await this.pass(2)
  }

  /** Power off, power on, everything asked; then all must come to its end, and be judged. */
  async judge(): Promise<{ readonly broken: number; readonly text: string }> {
    const { run, world } = this
    world.calm()
    await run.cut(1)
    if (!(await run.begin())) throw new Error('it does not start again')
    await run.finish()
    this.#made.wrong.push(...world.wrong)
    const { violations, requestViolations, text } = judgeBroker(this.#made)
    const broken = violations.length + requestViolations.length + this.#made.wrong.length
    return { broken, text }
  }
}
