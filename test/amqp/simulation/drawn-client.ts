/*
 * Clients as a run draws them: publishers, consumers, and those that work on requests.
 */

import type { RandomSource } from '../../../src/testing/random.ts'
import { goodTaking, SimulatedConsumer, type Taking } from './simulated-consumer.ts'
import { SimulatedPublisher } from './simulated-publisher.ts'
import { SimulatedResponder } from './simulated-responder.ts'
import type { Site } from './site.ts'

export type Client = SimulatedPublisher | SimulatedConsumer

export function newClient(site: Site, random: RandomSource): Client {
  if (site.plan.asks && random.chance(0.3)) {
    return new SimulatedResponder(site, random.pick(['plain', 'confirm']))
  }
  if (random.chance(0.5)) {
    const mode = random.weighted({ plain: 2, confirm: 5, tx: 1.5 })
    return new SimulatedPublisher(site, site.connect(), mode)
  }
  const names = site.plan.queues.map(({ name }) => name).filter((name) => name !== 'asks')
  const count = random.chance(0.2) ? 2 : 1
  const queues = Array.from({ length: count }, () => random.pick(names))
  return new SimulatedConsumer(site, queues, drawTaking(random))
}

function drawTaking(random: RandomSource): Taking {
  const noAck = random.chance(0.15)
  return {
    ...goodTaking,
    good: false,
    way: random.chance(0.25) ? 'get' : 'consume',
    noAck,
    prefetch: random.chance(0.8) ? random.between(1, 5) : 0,
    global: random.chance(0.2),
    exclusive: random.chance(0.05),
    priority: random.chance(0.2) ? random.between(-1, 2) : 0,
    tx: !noAck && random.chance(0.1),
  }
}
