/*
 * Random operations on a few queues and exchanges, the same for both brokers: what nobody has thought
 * of. Each step ends with an answer that fences it, so that its outcome is not left to chance.
 */

import type { Fields } from '../method.ts'
import type { PeerChannel } from '../peer-channel.ts'
import { type Scenario, scenario } from '../scenario.ts'
import type { ValueTable } from '../typed-value.ts'

const seedCount = 24
const stepCount = 60

/** Of no quality, but the same everywhere: a linear congruential generator. */
class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed * 2_654_435_761 + 1
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * limit)
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T
  }
}

const queues = ['q', 'r', 's']
const exchanges = ['x', 'y', 'amq.topic', '']
const keys = ['q', 'r', 'a.b', 'a.c', '#', 'a.*']
const queueArguments: readonly ValueTable[] = [
  {},
  { 'x-max-length': 3 },
  { 'x-max-priority': 3 },
  { 'x-max-length-bytes': 8 },
]

class RandomPlay {
  readonly #ch: PeerChannel
  readonly #chance: Chance
  /** Whether the channel is one of transactions instead of confirms. */
  readonly #transactional: boolean
  #body = 0
  /** Tags of the channel that may still be held. */
  #tags: number[] = []
  /** Settled in the transaction of now. */
  #settled: number[] = []

  constructor(ch: PeerChannel, chance: Chance, transactional: boolean) {
    this.#ch = ch
    this.#chance = chance
    this.#transactional = transactional
  }

  async begin(): Promise<void> {
    const ch = this.#ch
    for (const queue of queues) await ch.declare(queue, this.#chance.of(queueArguments))
    await ch.exchange('x', 'direct')
    await ch.exchange('y', 'fanout')
    for (let n = 0; n < 5; n++) await this.#bind()
  }

  async step(): Promise<void> {
    const choice = this.#chance.below(20)
    if (this.#transactional && this.#chance.below(4) === 0) await this.#end()
    else if (choice < 7) await this.#publish()
    else if (choice < 11) await this.#get()
    else if (choice < 15) await this.#settle()
    else if (choice === 15) await this.#bind()
    else if (choice === 16) await this.#unbind()
    else if (choice === 17) await this.#ch.call('queue.purge', { queue: this.#chance.of(queues) })
    else if (choice === 18) await this.#renew()
    else await this.#recover()
  }

  async #end(): Promise<void> {
    const isCommit = this.#chance.below(3) > 0
    await this.#ch.call(isCommit ? 'tx.commit' : 'tx.rollback')
    if (!isCommit) this.#tags.push(...this.#settled)
    this.#settled = []
  }

  /** What is asked within a transaction about its own publishes and settlements has its own scenarios. */
  async #between(): Promise<void> {
    if (this.#transactional) await this.#end()
  }

  async #recover(): Promise<void> {
    await this.#between()
    await this.#ch.call('basic.recover', { requeue: true })
    this.#tags = []
  }

  async #publish(): Promise<void> {
    const chance = this.#chance
    const exchange = chance.of(exchanges)
    const routingKey = chance.of(exchange === '' ? queues : keys)
    const properties = chance.below(3) === 0 ? { priority: chance.below(5) } : {}
    const mandatory = chance.below(2) === 0
    this.#ch.publish({ exchange, routingKey, mandatory, properties, body: `m${this.#body++}` })
    await this.#ch.confirmed()
  }

  async #get(): Promise<void> {
    const noAck = this.#chance.below(4) === 0
    const got = await this.#ch.get(this.#chance.of(queues), { noAck })
    if (got?.name === 'basic.get-ok' && !noAck) this.#tags.push(Number(got.fields.deliveryTag))
  }

  async #settle(): Promise<void> {
    const deliveryTag = this.#chance.of(this.#tags)
    if (deliveryTag === undefined) return
    const multiple = this.#chance.below(4) === 0
    const stays = (tag: number): boolean => (multiple ? tag > deliveryTag : tag !== deliveryTag)
    if (this.#transactional) this.#settled.push(...this.#tags.filter((tag) => !stays(tag)))
    this.#tags = this.#tags.filter(stays)
    const requeue = this.#chance.below(3) > 0
    const [name, fields] = this.#chance.of<readonly [string, Fields]>([
      ['basic.ack', { multiple }],
      ['basic.nack', { multiple, requeue }],
      ['basic.nack', { multiple, requeue: true }],
    ])
    this.#ch.send(name, { deliveryTag, ...fields })
    await this.#ch.fence()
  }

  #binding(): Fields {
    const chance = this.#chance
    const exchange = chance.of(exchanges.slice(0, 3))
    return { queue: chance.of(queues), exchange, routingKey: chance.of(keys) }
  }

  async #bind(): Promise<void> {
    await this.#between()
    await this.#ch.call('queue.bind', this.#binding())
  }

  async #unbind(): Promise<void> {
    await this.#between()
    await this.#ch.call('queue.unbind', this.#binding())
  }

  /** A queue deleted, with what is held of it, and made again in another way. */
  async #renew(): Promise<void> {
    await this.#between()
    const queue = this.#chance.of(queues)
    await this.#ch.call('queue.delete', { queue })
    await this.#ch.declare(queue, this.#chance.of(queueArguments))
  }
}

async function drained(ch: PeerChannel): Promise<void> {
  for (const queue of queues)
    while ((await ch.get(queue, { noAck: true }))?.name === 'basic.get-ok');
}

const random = (seed: number): Scenario =>
  scenario(`random operations on queues and exchanges, seed ${seed}`, async (s) => {
    const ch = await s.confirming()
    const play = new RandomPlay(ch, new Chance(seed), false)
    await play.begin()
    for (let n = 0; n < stepCount; n++) await play.step()
    await drained(ch)
  })

const randomTransactions = (seed: number): Scenario =>
  scenario(`random operations in transactions, seed ${seed}`, async (s) => {
    const ch = await s.channel()
    await ch.call('tx.select')
    const play = new RandomPlay(ch, new Chance(seed), true)
    await play.begin()
    for (let n = 0; n < stepCount; n++) await play.step()
    await ch.call('tx.commit')
    await drained(ch)
  })

const seeds = Array.from({ length: seedCount }, (_, seed) => seed)

export const randomScenarios = [...seeds.map(random), ...seeds.map(randomTransactions)]
