/*
 * What RabbitMQ 4.3 refuses or changes, one by one: told where anything of RabbitMQ 3 is accepted, in
 * log and inspection, and refused with RabbitMQ 4.3's code where that is the measure. The page of the
 * broker lists each.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { HeaderValue } from '../../../src/embedded/routing/header-value.ts'
import { root } from '../../tidy/source-file.ts'
import { Trial, type TrialClient, table } from './trial.ts'

interface Case {
  readonly feature: string
  readonly title: string
  use(client: TrialClient): unknown
  /** What is heard where RabbitMQ 4.3 is the measure; nothing for what is changed and not refused. */
  readonly refused?: RegExp
}

const durable = { durable: true }

const queue = (args: Readonly<Record<string, HeaderValue>>) => (client: TrialClient) =>
  client.declare(1, 'q', { ...durable, args: table(args) })

const exchange = (type: string) => (client: TrialClient) =>
  client.send(1, {
    ...{ name: 'exchange.declare', exchange: 'x', type, passive: false, nowait: false },
    ...{ durable: true, autoDelete: false, internal: false },
    args: table({ 'x-delayed-type': 'direct' }),
  })

const quorum = { 'x-queue-type': 'quorum' }

/** Consumes from a quorum queue and waits until a message has come. */
async function holding(client: TrialClient): Promise<void> {
  queue(quorum)(client).publish(1, 'q', 'body', { persistent: true }).consume(1, 'q', 't')
  assert.match((await client.hears()).join('\n'), /basic\.deliver t 1 false "body"/)
}

const cases: readonly Case[] = [
  {
    feature: 'transient_nonexcl_queues',
    title: 'a queue neither durable nor exclusive',
    use: (client) => client.declare(1, 'q'),
    refused: /^0 connection\.close 541 INTERNAL_ERROR - .*'transient_nonexcl_queues' is deprecated/,
  },
  {
    feature: 'queue_master_locator',
    title: 'x-queue-master-locator',
    use: queue({ 'x-queue-master-locator': 'client-local' }),
    refused: /^0 connection\.close 541 INTERNAL_ERROR - .*'queue_master_locator' is deprecated/,
  },
  {
    feature: 'x-queue-mode',
    title: 'x-queue-mode of any value',
    use: queue({ 'x-queue-mode': 'default' }),
    refused: /^1 channel\.close 406 PRECONDITION_FAILED - invalid arg 'x-queue-mode'/,
  },
  {
    feature: 'x-queue-version',
    title: 'x-queue-version 1',
    use: queue({ 'x-queue-version': 1 }),
    refused: /^1 channel\.close 406 PRECONDITION_FAILED - invalid arg 'x-queue-version'/,
  },
  {
    feature: 'x-consumer-timeout',
    title: 'x-consumer-timeout on a classic queue',
    use: queue({ 'x-consumer-timeout': 60_000 }),
    refused: /^1 channel\.close 406 PRECONDITION_FAILED - invalid arg 'x-consumer-timeout'/,
  },
  {
    feature: 'x-delayed-message',
    title: 'an exchange of delayed messages',
    use: exchange('x-delayed-message'),
    refused: /^1 channel\.close 406 PRECONDITION_FAILED - unknown exchange type/,
  },
  {
    feature: 'x-message-deduplication',
    title: 'the queue argument of the deduplication plugin',
    use: queue({ 'x-message-deduplication': true }),
  },
  {
    feature: 'global_qos',
    title: 'global prefetch',
    use: (client) => client.qos(1, 5, true),
  },
  {
    feature: 'nack',
    title: 'a nack that gives back to a quorum queue',
    async use(client) {
      await holding(client)
      client.nack(1, 1)
    },
  },
  {
    feature: 'consumer_timeout',
    title: 'a consumer of a quorum queue that holds a message for half an hour',
    async use(client) {
      await holding(client)
      await client.hears(50 * 60_000)
    },
  },
]

async function used({ use }: Case, compat?: 'rabbitmq-4.3') {
  const trial = await Trial.open({ compat })
  const logged: string[] = []
  const client = trial
    .client({ warned: (feature) => logged.push(feature) })
    .login()
    .tune()
  client.send(0, { name: 'connection.open', virtualHost: '/' }).send(1, { name: 'channel.open' })
  await client.hears()
  await use(client)
  const lines = await client.hears()
  return { lines, logged, shown: [...client.connection.facts.warnings.keys()] }
}

for (const one of cases) {
  const { feature, title, refused } = one
  test(`${title}: told to those who may move to RabbitMQ 4.3, ${refused ? 'refused' : 'done'} as there`, async () => {
    const lenient = await used(one)
    assert.deepEqual(lenient.logged, [feature])
    assert.deepEqual(lenient.shown, [feature])
    assert.ok(!lenient.lines.some((line) => line.includes('close')), lenient.lines.join('\n'))
    const strict = await used(one, 'rabbitmq-4.3')
    if (refused !== undefined) assert.match(strict.lines.join('\n'), refused)
    else assert.ok(!strict.lines.some((line) => line.includes('.close ')), strict.lines.join('\n'))
  })
}

test('short frames: told, or refused with 530 where RabbitMQ 4.3 is the measure', async () => {
  const tuned = async (compat?: 'rabbitmq-4.3') => {
    const client = (await Trial.open({ compat })).client().login().tune({ frameMax: 4_096 })
    client.send(0, { name: 'connection.open', virtualHost: '/' })
    const lines = await client.hears()
    return { last: lines.at(-1) ?? '', shown: [...client.connection.facts.warnings.keys()] }
  }
  assert.deepEqual(await tuned(), { last: '0 connection.open-ok', shown: ['frame_max'] })
  assert.match((await tuned('rabbitmq-4.3')).last, /^0 connection\.close 530 NOT_ALLOWED/)
})

test('an unknown type of exchange closes the channel with 406, as since RabbitMQ 4.0', async () => {
  for (const compat of [undefined, 'rabbitmq-4.3'] as const) {
    const client = await (await Trial.open({ compat })).connected()
    exchange('x-message-deduplication')(client)
    assert.match((await client.hears())[0] ?? '', /^1 channel\.close 406 PRECONDITION_FAILED/)
  }
})

test('where RabbitMQ 4.3 is the measure, who holds a message too long is cancelled alone', async () => {
  const trial = await Trial.open({ compat: 'rabbitmq-4.3' })
  const client = await trial.connected()
  await holding(client)
  client.declare(1, 'other', durable).consume(1, 'q', 'u').consume(1, 'other', 'v')
  await client.hears()
  const lines = await client.hears(50 * 60_000)
  assert.deepEqual(lines, ['1 basic.cancel t true', '1 basic.deliver u 2 true "body"'])
  client.ack(1, 1).ack(1, 2).get(1, 'q')
  assert.deepEqual(await client.hears(), ['1 basic.get-empty'])
})

test('a queue that is there and is declared again is told of as well', async () => {
  const trial = await Trial.open()
  const [first, second] = [await trial.connected(), await trial.connected()]
  first.declare(1, 'q')
  await first.hears()
  second.declare(1, 'q')
  await second.hears()
  assert.deepEqual([...second.connection.facts.warnings.keys()], ['transient_nonexcl_queues'])
})

test('the page of the broker lists each of them', () => {
  const page = readFileSync(join(root, 'docs/broker.md'), 'utf8')
  for (const feature of ['frame_max', ...cases.map((one) => one.feature)])
    assert.ok(page.includes(`| \`${feature}\` |`), feature)
})
