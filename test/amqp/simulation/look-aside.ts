/*
 * What is on the disk, seen without touching it: the disk that a crash now may leave is opened on a
 * machine of its own, every request is asked about, and every queue is drained.
 */

import type { Broker } from '../../../src/embedded/broker.ts'
import type { HeldDelivery, LiveQueue } from '../../../src/embedded/live-queue.ts'
import type { QueueDoor } from '../../../src/embedded/queue-door.ts'
import type { Probe } from '../../simulation/history.ts'
import { Recorder } from '../../simulation/history.ts'
import { ObservedEngine } from '../../simulation/observed-engine.ts'
import type { System } from '../../simulation/system.ts'
import { roomyBytes, type World } from '../../simulation/world.ts'
import { received } from './drawn-message.ts'
import type { Received } from './history.ts'

export interface Seen {
  readonly queues: ReadonlyMap<string, readonly Received[]>
  readonly answers: ReadonlyMap<string, string>
  /** Of the requests; undefined when something was under way. */
  readonly probe: Probe | undefined
}

const patienceMs = 60_000

export async function lookAside(
  world: World,
  system: System,
  how: 'power' | 'kill',
): Promise<Seen> {
  const devices = world.aside(how)
  const { clock, disk } = devices
  disk.capacityBytes = roomyBytes
  const opening = system.open(devices, world.plan, () => world.random.bits16())
  const engine = (await clock.until(opening, patienceMs)) as Broker
  await clock.advance(5)
  const observed = new ObservedEngine(engine, new Recorder(() => 0), world.numbers)
  const probe = await clock.until(observed.probe(), patienceMs)
  const answers = new Map([...(probe?.answers ?? [])].map(([id, { state }]) => [id, state]))
  const queues = await drainAll(engine, (ms) => clock.advance(ms))
  await clock.until(engine.close(), patienceMs)
  return { queues, answers, probe }
}

/**
 * Everything in every queue, head first. `pass` lets time pass. All queues are drained at once: what one
 * of them hands to another meanwhile, because it expires, is seen in the other.
 */
export async function drainAll(
  { door }: Broker,
  pass: (ms: number) => Promise<void>,
): Promise<ReadonlyMap<string, readonly Received[]>> {
  const named = [...door.queues()].filter(({ queue }) => !queue.name.startsWith('homing.'))
  const drains = named.map((live) => new Drain(door, live))
  for (const { live } of drains) door.resume(live)
  for (let turn = 0; turn < 5_000 && drains.some(({ isDone }) => !isDone); turn++) await pass(1)
  return new Map(drains.map(({ live, all }) => [live.queue.name, all]))
}

class Drain {
  readonly live: LiveQueue
  readonly all: Received[] = []
  readonly #places = new Set<number>()

  constructor(door: QueueDoor, live: LiveQueue) {
    this.live = live
    const deliver = (delivery: HeldDelivery): void => this.#deliver(delivery)
    const options = { prefetch: Number.POSITIVE_INFINITY }
    door.subscribe(live, options, { deliver, revoke: () => undefined })
  }

  get isDone(): boolean {
    return this.all.length >= this.live.queue.size
  }

  #deliver({ message, redelivered, entry }: HeldDelivery): void {
    // One with a time limit may come again while the others are looked at.
    if (this.#places.has(entry.position)) return
    this.#places.add(entry.position)
    const { properties = new Uint8Array(2), body } = message
    const content = { properties: Buffer.from(properties), body: Buffer.from(body) }
    this.all.push(received(content, redelivered))
  }
}
