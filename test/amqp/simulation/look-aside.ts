/*
 * What is on the disk, seen without touching it: the disk that a crash now may leave is opened on a
 * machine of its own, every request is asked about, and every queue is drained.
 */

import type { Broker } from '../../../src/embedded/broker.ts'
import type { HeldDelivery } from '../../../src/embedded/live-queue.ts'
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

/** Everything in every queue, head first. `pass` lets time pass. */
export async function drainAll(
  engine: Broker,
  pass: (ms: number) => Promise<void>,
): Promise<ReadonlyMap<string, readonly Received[]>> {
  const queues = new Map<string, readonly Received[]>()
  for (const live of [...engine.door.queues()]) {
    const { name } = live.queue
    if (!name.startsWith('homing.')) queues.set(name, await drain(engine, name, pass))
  }
  return queues
}

async function drain(
  { door }: Broker,
  name: string,
  pass: (ms: number) => Promise<void>,
): Promise<readonly Received[]> {
  const live = door.queue(name)
  if (live === undefined || live.queue.size === 0) return []
  const all: Received[] = []
  const places = new Set<number>()
  const deliver = ({ message, redelivered, entry }: HeldDelivery): void => {
    // One with a time limit may come again while the others are looked at.
    if (places.has(entry.position)) return
    places.add(entry.position)
    const { properties = new Uint8Array(2), body } = message
    all.push(
      received({ properties: Buffer.from(properties), body: Buffer.from(body) }, redelivered),
    )
  }
  const options = { prefetch: Number.POSITIVE_INFINITY }
  door.subscribe(live, options, { deliver, revoke: () => undefined })
  door.resume(live)
  for (let turn = 0; turn < 5_000 && all.length < live.queue.size; turn++) await pass(1)
  return all
}
