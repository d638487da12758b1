/*
 * What the clients of a served broker saw, over all its lives, and what its directory holds in between.
 */

import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { systemClock } from '../../../src/clock.ts'
import type { Broker } from '../../../src/embedded/broker.ts'
import { openEmbedded } from '../../../src/embedded/open.ts'
import type { RandomSource } from '../../../src/testing/random.ts'
import { type BrokerViolation, checkBroker, reportBroker } from '../simulation/broker-checker.ts'
import { planBroker } from '../simulation/broker-plan.ts'
import { type Client, newClient } from '../simulation/drawn-client.ts'
import { History } from '../simulation/history.ts'
import { drainAll } from '../simulation/look-aside.ts'
import { SimulatedAdmin } from '../simulation/simulated-admin.ts'
import { goodTaking, SimulatedConsumer } from '../simulation/simulated-consumer.ts'
import { SimulatedResponder } from '../simulation/simulated-responder.ts'
import { Site } from '../simulation/site.ts'
import { tcpServing } from './tcp-serving.ts'

/** A busy machine may stop for a while; how late things are is judged in the simulation. */
const bounds = { slackMs: 60_000 }
const clientsMax = 6
const finishMsMax = 20_000

export class ServeHistory {
  readonly history = new History(() => performance.now())
  readonly site: Site
  readonly wrong: unknown[] = []
  readonly #random: RandomSource
  /** Requests that were sent, and whether they were confirmed. */
  readonly #requests = new Map<string, boolean>()
  #clients: Client[] = []
  #admin: SimulatedAdmin | undefined

  constructor(random: RandomSource) {
    this.#random = random
    const requests = {
      publishing: (_publish: number, id: string) => {
        if (!this.#requests.has(id)) this.#requests.set(id, false)
      },
      confirmed: (_publish: number, id: string) => {
        if (this.#requests.has(id)) this.#requests.set(id, true)
      },
      notified: () => undefined,
      deleting: () => undefined,
    }
    const { history, wrong } = this
    const drawn = planBroker(random)
    const plan = { ...drawn, machine: { ...drawn.machine, bodyBytesMax: 400 } }
    const clock = systemClock
    this.site = new Site({ plan, history, clock, random: random.fork(), requests, wrong })
  }

  /** A life begins. */
  async begin(port: number): Promise<void> {
    const { site, history } = this
    history.record({ kind: 'opened' })
    site.serving = tcpServing(port)
    for (const { name } of site.plan.queues) site.inFlux.add(name)
    this.#admin = new SimulatedAdmin(site)
    await this.#admin.declareAll()
  }

  act(): void {
    const random = this.#random
    this.#clients = this.#clients.filter(({ isOver }) => !isOver)
    if (this.#clients.length < clientsMax && random.chance(0.7))
      this.#clients.push(newClient(this.site, random))
    for (const client of this.#clients) if (random.chance(0.7)) client.act()
    if (random.chance(0.03)) void this.#remove()
  }

  /** The process is gone: what its last words were has been heard. */
  end(how: 'kill' | 'power'): void {
    for (const client of this.#clients) client.client.abandon()
    this.#admin?.client.abandon()
    this.#clients = []
    this.history.record({ kind: 'cut', how })
  }

  /** What the directory holds while nobody works in it; a copy of it is opened and drained. */
  async look(directory: string, when: 'recovered' | 'end'): Promise<void> {
    const copy = mkdtempSync(join(tmpdir(), 'homing-look-'))
    cpSync(directory, copy, { recursive: true })
    // The engine itself keeps no process alive.
    const alive = setInterval(() => undefined, 1_000)
    try {
      const engine = (await openEmbedded(copy, { onProblem: () => undefined })) as Broker
      const answers = new Map<string, string>()
      for (const id of this.#requests.keys()) answers.set(id, (await engine.answer(id)).state)
      const queues = await drainAll(engine, (ms) => after(ms))
      await engine.close()
      this.history.record({ kind: 'drained', when, queues, answers })
      for (const [id, isConfirmed] of this.#requests) {
        const state = answers.get(id)
        if (isConfirmed && state !== 'pending' && state !== 'final')
          this.wrong.push(new Error(`request ${id} was confirmed and is ${state}`))
      }
    } finally {
      clearInterval(alive)
      rmSync(copy, { recursive: true, force: true })
    }
  }

  /** Good clients take everything; done when nothing is left. */
  async finish(): Promise<void> {
    const { site } = this
    for (const client of this.#clients) client.leave('close')
    const names = site.plan.queues.map(({ name }) => name).filter((name) => name !== 'asks')
    new SimulatedConsumer(site, names, goodTaking)
    if (site.plan.asks) new SimulatedResponder(site, 'confirm').behave()
    const admin = new SimulatedAdmin(site)
    for (let ms = 0, quiet = 0; ms < finishMsMax && quiet < 5; ms += 100) {
      await after(100)
      const counts = await admin.count()
      const left = [...(counts ?? [])].some(([, ready]) => ready > 0)
      quiet = left ? 0 : quiet + 1
    }
    await after(200)
  }

  judge(): { readonly violations: readonly BrokerViolation[]; readonly text: string } {
    const { events } = this.history
    const violations = checkBroker(events, this.site.plan.queues, bounds)
    const errors = this.wrong.map((error) => String(error)).slice(0, 5)
    return { violations, text: [...errors, reportBroker(violations, events)].join('\n') }
  }

  /** Not awaited: what is under way at a kill is never answered. */
  #remove(): Promise<void> {
    const queue = this.#random.pick(this.site.plan.queues)
    const admin = this.#admin
    if (!admin || admin.isOver || this.site.inFlux.has(queue.name)) return Promise.resolve()
    return queue.deletes ? admin.remove(queue, false) : admin.purge(queue.name, false)
  }
}
