/*
 * The course of one run: lives of a broker, its clients in each, and the end.
 *
 *   open ─▶ look at the disk ─▶ declare ─▶ clients come, work, go ─▶ power cut │ kill │ close ─▶ open …
 */

import type { Broker } from '../../../src/embedded/broker.ts'
import type { RandomSource } from '../../../src/testing/random.ts'
import { roomyBytes, type World } from '../../simulation/world.ts'
import type { BrokerPlan } from './broker-plan.ts'
import type { BrokerSystem } from './broker-system.ts'
import { type Client, newClient } from './drawn-client.ts'
import type { History } from './history.ts'
import { lookAside } from './look-aside.ts'
import { SimulatedAdmin } from './simulated-admin.ts'
import { goodTaking, SimulatedConsumer } from './simulated-consumer.ts'
import { SimulatedPublisher } from './simulated-publisher.ts'
import { SimulatedResponder } from './simulated-responder.ts'
import type { Site } from './site.ts'

export interface RunParts {
  readonly world: World
  readonly history: History
  readonly site: Site
  readonly plan: BrokerPlan
  readonly system: BrokerSystem
  readonly wrong: unknown[]
}

const imageChance = 0.5
const clientsMax = 6
/** Longest time to live and time-out drawn, and then some. */
const finishMs = 15_000
/** A request that was acknowledged waits so long for its reply. */
const replyWaitMs = 25 * 3_600_000

export class BrokerRun {
  readonly #parts: RunParts
  readonly #random: RandomSource
  #clients: Client[] = []
  #admin: SimulatedAdmin | undefined

  constructor(parts: RunParts) {
    this.#parts = parts
    this.#random = parts.world.random.fork()
  }

  async play(): Promise<void> {
    const { world } = this.#parts
    if (!(await this.begin())) return
    for (let step = 0; step < world.plan.steps; step++) {
      await this.#step()
      if (!(await this.#maybeEndLife())) return
    }
    await this.finish()
  }

  /** A life begins: the disk is looked at before anybody comes. False when the run cannot go on. */
  async begin(): Promise<boolean> {
    const { world, site, system, wrong } = this.#parts
    for (let openings = 0; openings < 20; openings++) {
      for (const client of this.#clients) client.client.abandon()
      this.#admin?.client.abandon()
      this.#clients = []
      if (!(await world.open())) return false
      site.serving = system.serve({
        engine: world.observed.engine as Broker,
        clock: world.clock,
        random: site.random.fork(),
        onProblem: (text) => wrong.push(new Error(text)),
      })
      await this.#look('recovered')
      if (site.plan.asks) await world.probe('recovered')
      for (const { name } of site.plan.queues) site.inFlux.add(name)
      this.#admin = new SimulatedAdmin(site)
      if ((await this.#until(this.#admin.declareAll())) === true) return true
      if (world.off) await world.cutPower(0)
      else await world.kill()
    }
    return false
  }

  /** Undefined when it cannot be answered any more. */
  async #until<T>(promise: Promise<T>): Promise<T | undefined> {
    const { world } = this.#parts
    let done: { value: T } | undefined
    promise.then(
      (value) => {
        done = { value }
      },
      (error) => this.#parts.wrong.push(error),
    )
    await world.clock.settle()
    const tight = () => world.disk.capacityBytes < roomyBytes
    for (let ms = 0; done === undefined && !world.off && !world.failed; ms++) {
      if (ms > 20_000 && tight()) return undefined
      if (ms > 60_000) throw new Error('a call on the broker was not answered in a minute')
      await world.clock.advance(1)
    }
    return done?.value
  }

  async #look(when: 'image' | 'recovered' | 'end'): Promise<void> {
    const { world, history, system } = this.#parts
    if (world.off && when !== 'image') return
    const how = when === 'image' ? 'power' : 'kill'
    const { queues, answers, probe } = await lookAside(world, system.engine, how)
    history.record({ kind: 'drained', when, queues, answers })
    if (when === 'image' && probe !== undefined)
      world.recorder.record({ kind: 'probed', when: 'image', probe })
  }

  async #step(): Promise<void> {
    const { world } = this.#parts
    const random = this.#random
    this.#clients = this.#clients.filter(({ isOver }) => !isOver)
    if (this.#clients.length < clientsMax && random.chance(0.5))
      this.#clients.push(newClient(this.#parts.site, this.#random))
    for (const client of this.#clients) if (random.chance(0.7)) client.act()
    if (random.chance(0.04)) void this.#remove(false)
    this.#changeRoom()
    const pace = random.weighted({ none: 4, short: 8, medium: 3, long: 0.5 })
    const most = { none: 0, short: 10, medium: 150, long: 3_000 }[pace]
    await world.clock.advance(random.unit() * most)
    if (random.chance(0.06)) await this.#quiet()
  }

  /** Purges or deletes a queue. Not awaited: what is under way at a cut is never answered. */
  #remove(quiet: boolean): Promise<void> {
    const { site } = this.#parts
    const admin = this.#openAdmin()
    const queue = this.#random.pick(site.plan.queues)
    if (site.inFlux.has(queue.name) || queue.name === 'replies') return Promise.resolve()
    const isDelete = queue.deletes && this.#random.chance(0.7)
    return isDelete ? admin.remove(queue, quiet) : admin.purge(queue.name, quiet)
  }

  /** The client that declares. */
  get admin(): SimulatedAdmin {
    return this.#openAdmin()
  }

  #openAdmin(): SimulatedAdmin {
    if (this.#admin === undefined || this.#admin.isOver)
      this.#admin = new SimulatedAdmin(this.#parts.site)
    return this.#admin
  }

  #changeRoom(): void {
    const { plan, disk, recorder } = this.#parts.world
    const random = this.#random
    if (!plan.fillsUp) return
    if (disk.capacityBytes === roomyBytes) {
      if (!random.chance(0.05)) return
      disk.capacityBytes = disk.state.usedBytes() + random.between(0, 6_000)
      recorder.record({ kind: 'disk-full' })
    } else if (random.chance(0.15)) {
      disk.capacityBytes = roomyBytes
      recorder.record({ kind: 'disk-room' })
    }
  }

  /** Nothing new is started, what is under way ends, and the books are looked at. */
  async #quiet(): Promise<void> {
    const { world, history } = this.#parts
    if (world.failed || world.disk.capacityBytes < roomyBytes) return
    for (const client of this.#clients) {
      if (client instanceof SimulatedPublisher) client.endTransaction(true)
    }
    const isIdle = () => this.#openAdmin().isIdle && this.#clients.every(({ isIdle: idle }) => idle)
    for (let ms = 0; !isIdle() && !world.off && ms < 2_000; ms += 10) await world.clock.advance(10)
    await world.clock.advance(300)
    if (world.off || world.failed || !isIdle()) return
    const counted = this.#openAdmin().count()
    const removed = this.#random.chance(0.4)
    counted.then(
      (ready) => {
        if (ready !== undefined) history.record({ kind: 'counted', ready })
      },
      () => undefined,
    )
    await this.#until(counted)
    if (removed && !world.off && !world.failed) await this.#until(this.#remove(true))
  }

  /** False when the run cannot go on. */
  async #maybeEndLife(): Promise<boolean> {
    const { world } = this.#parts
    const random = this.#random
    const { plan } = world
    const isFull = world.disk.capacityBytes < roomyBytes
    if (world.off || random.chance(plan.powerCut * 1.5)) await this.cut()
    else if ((world.failed && random.chance(0.3)) || random.chance(plan.kill)) await world.kill()
    else if (random.chance(plan.close) && !world.failed && !isFull) {
      for (const client of this.#clients) client.leave('close')
      await world.clock.advance(20)
      if (world.off || !(await world.close())) await this.cut()
    } else return true
    return this.begin()
  }

  /** Cuts the power; another disk that it may leave is looked at, now and then. */
  async cut(chance: number = imageChance): Promise<void> {
    const { world } = this.#parts
    world.disk.cutPower()
    await world.clock.settle()
    if (this.#random.chance(chance)) await this.#look('image')
    await world.cutPower(0)
  }

  /** Room on the disk, no more faults, good clients everywhere: everything must come to its end. */
  async finish(): Promise<void> {
    const { world, site, plan } = this.#parts
    world.calm()
    await world.clock.advance(50)
    if (world.failed || world.off) {
      await (world.off ? world.cutPower(0) : world.kill())
      if (!(await this.begin())) return
    }
    await this.#quiet()
    for (const client of this.#clients) client.leave('close')
    await world.clock.advance(300)
    const names = plan.queues.map(({ name }) => name).filter((name) => name !== 'asks')
    const good = new SimulatedConsumer(site, names, goodTaking)
    const responder = plan.asks ? new SimulatedResponder(site, 'confirm') : undefined
    responder?.behave()
    await world.clock.advance(finishMs)
    if (plan.asks) await world.clock.advance(replyWaitMs)
    good.leave('close')
    responder?.leave('close')
    await world.clock.advance(100)
    if (plan.asks && !(await world.probe('end'))) throw new Error('the end could not be probed')
    await this.#look('end')
    await world.close()
  }
}
