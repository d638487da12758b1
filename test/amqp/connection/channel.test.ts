import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { Trial, type TrialClient, table } from './trial.ts'

const open = { name: 'channel.open' } as const
const closeOk = { name: 'channel.close-ok' } as const
const selectConfirms = { name: 'confirm.select', nowait: true } as const

/** A channel with a queue `q` of so many messages: a, b, c … */
async function withQueue(count = 0, channels = 1): Promise<TrialClient> {
  const trial = await Trial.open()
  const client = await trial.connected(channels)
  client.declare(1, 'q')
  for (const letter of 'abcdefghij'.slice(0, count)) client.publish(1, 'q', letter)
  await client.hears()
  return client
}

const code = (line: string | undefined): string =>
  /(channel|connection)\.close \d+/.exec(line ?? '')?.[0] ?? `${line}`

test('a method before channel.open, or after a close, closes the connection', async () => {
  const trial = await Trial.open()
  const client = await trial.connected(0)
  client.declare(1, 'q')
  assert.deepEqual(await client.hears(), [
    "0 connection.close 504 CHANNEL_ERROR - expected 'channel.open' 50 10",
  ])
})

test('acknowledgements that come too late for a closed channel are let go by', async () => {
  const client = await withQueue(1)
  client.get(1, 'q').closeChannel(1).ack(1, 1).nack(1, 1).send(1, open)
  assert.deepEqual(await client.hears(), [
    '1 basic.get-ok 1 false 0 "a"',
    '1 channel.close-ok',
    '1 channel.open-ok',
  ])
})

test('after an error everything on the channel is discarded until close-ok, contents included', async () => {
  const client = await withQueue(0, 2)
  client.ack(1, 7).publish(1, 'q', 'lost').declare(1, 'lost').get(2, 'q')
  assert.deepEqual(await client.hears(), [
    '1 channel.close 406 PRECONDITION_FAILED - unknown delivery tag 7 60 80',
    '2 basic.get-empty',
  ])
  client.send(1, closeOk).send(1, open).declare(1, 'q', { passive: true })
  assert.deepEqual(await client.hears(), ['1 channel.open-ok', '1 queue.declare-ok q 0 0'])
})

test('the header and body of a publish that was refused are discarded with it', async () => {
  const client = await withQueue(0, 2)
  client.publish(1, 'q', 'x', { exchange: 'none' }).publish(1, 'q', 'y').get(2, 'q')
  assert.deepEqual(await client.hears(), [
    "1 channel.close 404 NOT_FOUND - no exchange 'none' in vhost '/' 60 40",
    '2 basic.get-empty',
  ])
})

test('a close of the client that crosses ours is answered, and ours is waited for', async () => {
  const client = await withQueue()
  client.ack(1, 7).closeChannel(1)
  assert.deepEqual((await client.hears()).slice(1), ['1 channel.close-ok'])
  client.send(1, closeOk).send(1, open)
  assert.deepEqual(await client.hears(), ['1 channel.open-ok'])
})

test('a number is not free before the client has answered our close', async () => {
  const client = await withQueue()
  client.ack(1, 7).send(1, open)
  assert.equal(code((await client.hears()).at(-1)), 'connection.close 504')
})

test('there are as many channels as agreed upon, whatever their numbers', async () => {
  const trial = await Trial.open()
  const client = trial.client().login().tune({ channelMax: 2 })
  client.send(0, { name: 'connection.open', virtualHost: '/' })
  client.send(1, open).send(900, open).closeChannel(1).send(2, open).send(3, open)
  assert.deepEqual((await client.hears()).slice(3), [
    '1 channel.open-ok',
    '900 channel.open-ok',
    '1 channel.close-ok',
    '2 channel.open-ok',
    '0 connection.close 530 NOT_ALLOWED - number of channels opened (2) has reached the negotiated channel_max (2) 0 0',
  ])
})

test('flow is on, and cannot be turned off', async () => {
  const client = await withQueue()
  client.send(1, { name: 'channel.flow', active: true })
  assert.deepEqual(await client.hears(), ['1 channel.flow-ok true'])
  client.send(1, { name: 'channel.flow', active: false })
  assert.deepEqual(await client.hears(), [
    '0 connection.close 540 NOT_IMPLEMENTED - active=false 20 20',
  ])
})

test('frames out of their order close the connection with 505', async () => {
  const publish = {
    name: 'basic.publish',
    exchange: '',
    routingKey: 'q',
    mandatory: false,
    immediate: false,
  } as const
  const header = Buffer.from([0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0])
  const cases: ((client: TrialClient) => unknown)[] = [
    (client) => client.frame(2, 1, header),
    (client) => client.frame(3, 1, Buffer.from('x')),
    (client) => client.send(1, publish).qos(1, 1),
    (client) => client.send(1, publish).frame(3, 1, Buffer.from('x')),
    (client) => client.send(1, publish).frame(2, 1, header).qos(1, 1),
    (client) => client.send(1, publish).frame(2, 1, header).frame(3, 1, Buffer.from('xyz')),
  ]
  for (const play of cases) {
    const client = await withQueue()
    play(client)
    assert.equal(code((await client.hears())[0]), 'connection.close 505', `${play}`)
  }
})

test('contents of several channels come in pieces, each to its own message', async () => {
  const client = await withQueue(0, 2)
  const publish = {
    name: 'basic.publish',
    exchange: '',
    routingKey: 'q',
    mandatory: false,
    immediate: false,
  } as const
  const header = Buffer.from([0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0])
  client.send(1, publish).send(2, publish)
  client.frame(2, 1, header).frame(2, 2, header)
  for (const [one, two] of [
    ['a', 'AB'],
    ['bc', ''],
    ['d', 'CD'],
  ] as const)
    client.frame(3, 1, Buffer.from(one)).frame(3, 2, Buffer.from(two))
  client.get(1, 'q', true).get(1, 'q', true)
  const heard = await client.hears()
  assert.deepEqual(heard.map((line) => line.slice(-6)).sort(), ['"ABCD"', '"abcd"'])
})

test('a body over the limit is refused by its header, with 406', async () => {
  const trial = await Trial.open({ bodyBytesMax: 1_000 })
  const client = await trial.connected()
  client.declare(1, 'q').publish(1, 'q', 'x'.repeat(1_000)).publish(1, 'q', 'x'.repeat(1_001))
  assert.deepEqual(
    (await client.hears()).at(-1),
    '1 channel.close 406 PRECONDITION_FAILED - message size 1001 is larger than configured max size 1000 60 40',
  )
})

test('immediate is not implemented', async () => {
  const client = await withQueue()
  const fields = { exchange: '', routingKey: 'q', mandatory: false }
  client.send(1, { name: 'basic.publish', ...fields, immediate: true })
  assert.deepEqual(await client.hears(), [
    '0 connection.close 540 NOT_IMPLEMENTED - immediate=true 60 40',
  ])
})

test('line ends are cut out of names', async () => {
  const client = await withQueue()
  client.declare(1, 'a\r\nb\n')
  assert.deepEqual(await client.hears(), ['1 queue.declare-ok ab 0 0'])
})

test('methods without wait are not answered; their errors close the channel all the same', async () => {
  const client = await withQueue(1)
  client.declare(1, 'r', { nowait: true }).send(1, selectConfirms)
  client.send(1, { name: 'queue.purge', queue: 'q', nowait: true })
  client.send(1, { name: 'basic.cancel', consumerTag: 'none', nowait: true })
  assert.deepEqual(await client.hears(), [])
  client.declare(1, 'none', { nowait: true, passive: true })
  assert.equal(code((await client.hears())[0]), 'channel.close 404')
})

test('confirms of a turn are one frame, and persistent ones wait for the disk', async () => {
  const client = await withQueue()
  client.declare(1, 'kept', { durable: true }).send(1, selectConfirms)
  await client.hears()
  for (let n = 0; n < 50; n++) client.publish(1, 'q', 'x')
  assert.deepEqual(await client.hears(), ['1 basic.ack 50 true'])
  for (let n = 0; n < 50; n++) client.publish(1, 'kept', 'x', { persistent: true })
  assert.deepEqual(await client.hears(), ['1 basic.ack 100 true'])
})

test('a message that goes nowhere comes back when it is mandatory, right before its confirm', async () => {
  const client = await withQueue()
  client.send(1, selectConfirms).publish(1, 'q', 'a')
  client.publish(1, 'none', 'b', { mandatory: true }).publish(1, 'none', 'c').publish(1, 'q', 'd')
  client.publish(1, 'none', '', { mandatory: true })
  assert.deepEqual(await client.hears(), [
    '1 basic.return 312 NO_ROUTE "b"',
    '1 basic.ack 2 true',
    '1 basic.return 312 NO_ROUTE ""',
    '1 basic.ack 5 true',
  ])
})

test('confirms that are due are told before an error closes the channel, others are lost', async () => {
  const client = await withQueue()
  client.send(1, selectConfirms).publish(1, 'q', 'a').publish(1, 'q', 'x', { exchange: 'none' })
  const heard = await client.hears()
  assert.deepEqual(
    heard.map((line) => line.split(' ').slice(0, 3).join(' ')),
    ['1 basic.ack 1', '1 channel.close 404'],
  )
})

test('a client that publishes confirms on one channel and settles on another keeps its numbers apart', async () => {
  const client = await withQueue(1, 2)
  client.send(1, selectConfirms).send(2, selectConfirms).publish(1, 'q', 'b').publish(2, 'q', 'c')
  assert.deepEqual(await client.hears(), ['1 basic.ack 1 false', '2 basic.ack 1 false'])
})

test('old clients that ask for access are given it', async () => {
  const client = await withQueue()
  const rights = { exclusive: false, passive: true, active: true, write: true, read: true }
  client.send(1, { name: 'access.request', realm: '/data', ...rights })
  assert.deepEqual(await client.hears(), ['1 access.request-ok 1'])
})

test('exchanges are declared, bound to each other, unbound and deleted', async () => {
  const client = await withQueue()
  const bits = { durable: false, autoDelete: false, internal: false, nowait: false }
  const declare = { name: 'exchange.declare', type: 'fanout', args: table(), ...bits } as const
  const binding = { routingKey: '', nowait: false, args: table() } as const
  const along = { destination: 'two', source: 'one', ...binding } as const
  const queue = { queue: 'q', exchange: 'two', routingKey: '', args: table() } as const
  client.send(1, { ...declare, exchange: 'one', passive: false })
  client.send(1, { ...declare, exchange: 'two', passive: false })
  client.send(1, { ...declare, exchange: 'two', passive: true })
  client.send(1, { name: 'exchange.bind', ...along })
  client.send(1, { name: 'queue.bind', nowait: false, ...queue })
  client.publish(1, '', 'through', { exchange: 'one' })
  client.send(1, { name: 'exchange.unbind', ...along })
  client.publish(1, '', 'nowhere', { exchange: 'one' })
  client.send(1, { name: 'queue.unbind', ...queue })
  client.send(1, { name: 'exchange.delete', exchange: 'one', ifUnused: false, nowait: false })
  client.send(1, { name: 'queue.purge', queue: 'q', nowait: false })
  assert.deepEqual(await client.hears(), [
    ...Array<string>(3).fill('1 exchange.declare-ok'),
    '1 exchange.bind-ok',
    '1 queue.bind-ok',
    '1 exchange.unbind-ok',
    '1 queue.unbind-ok',
    '1 exchange.delete-ok',
    '1 queue.purge-ok 1',
  ])
})
