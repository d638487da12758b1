import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeProperties } from '../../src/amqp/protocol/properties.ts'
import type { Host } from '../../src/virtual-host/host.ts'
import type { ChannelSession } from '../../src/virtual-host/port.ts'
import {
  channelOf,
  consumeRequest,
  exchangeNamed,
  messageTo,
  openHosts,
  publish,
  queueNamed,
  Recorder,
  refusal,
  sessionOf,
  table,
} from './opened-host.ts'

const replyTo = 'amq.rabbitmq.reply-to'
/** The alternate exchange of one that takes nothing. */
const elsewhere = { 'alternate-exchange': '' }
const replyConsumer = (more: Parameters<typeof consumeRequest>[1] = { noAck: true }) =>
  consumeRequest(replyTo, more)

/** Sends a request and gives the address that its reply is to go to. */
async function ask(host: Host, channel: ChannelSession): Promise<string> {
  await publish(host, messageTo('', 'work', { replyTo }), channel)
  const got = await host.get(channelOf(), 'work', true)
  return (got && decodeProperties(got.properties).replyTo) ?? ''
}

async function opened() {
  const there = await openHosts()
  await there.host.declareQueue(channelOf(), queueNamed('work', { durable: false }))
  return there
}

test('a reply goes to the channel that asked, by an address that replaces its reply_to', async () => {
  await using there = await opened()
  const { host } = there
  const channel = channelOf()
  const recorder = new Recorder()
  await host.consume(channel, replyConsumer(), recorder)
  const address = await ask(host, channel)
  assert.match(address, /^amq\.rabbitmq\.reply-to\.[\w-]+\.[\w-]+\.[\w-]+$/)
  assert.deepEqual(host.checkQueue(channelOf(), address), {
    ...{ name: address, messages: 0, consumers: 1, made: false },
  })
  assert.equal(await publish(host, messageTo('', address)), 'done')
  assert.deepEqual(recorder.keys, [address])
  assert.equal(recorder.held.length, 0)
})

test('a reply consumer acknowledges nothing, is one a channel, and must be there to ask', async () => {
  await using there = await opened()
  const { host } = there
  const channel = channelOf()
  const consume = (more?: Parameters<typeof replyConsumer>[0]) =>
    refusal(() => host.consume(channel, replyConsumer(more), new Recorder()))
  assert.equal(await refusal(() => ask(host, channel)), '406 fast reply consumer does not exist')
  assert.equal(await consume({ noAck: false }), '406 reply consumer cannot acknowledge')
  assert.equal(await consume(), 'accepted')
  assert.equal(await consume(), '406 reply consumer already set')
  host.channelClosed(channel)
  assert.equal(await consume(), 'accepted')
})

test('cancel and consume again makes another address', async () => {
  await using there = await opened()
  const { host } = there
  const channel = channelOf()
  const first = await host.consume(channel, replyConsumer(), new Recorder())
  const one = await ask(host, channel)
  first.cancel()
  const recorder = new Recorder()
  await host.consume(channel, replyConsumer(), recorder)
  const two = await ask(host, channel)
  assert.notEqual(one, two)
  await publish(host, messageTo('', two))
  assert.equal(recorder.messages.length, 1)
})

test('a reply that comes when its requester is gone is kept for that user, and nobody else', async () => {
  await using there = await opened()
  const { host } = there
  const channel = channelOf(sessionOf({ user: 'ann' }))
  await host.consume(channel, replyConsumer(), new Recorder())
  const address = await ask(host, channel)
  host.channelClosed(channel)
  assert.match(await refusal(() => host.checkQueue(channelOf(), address)), /^404/)
  assert.equal(await publish(host, messageTo('', address)), 'durable')
  const kept = 'amq.homing.replies.ann'
  const bob = channelOf(sessionOf({ user: 'bob' }))
  assert.match(await refusal(() => host.get(bob, kept, true)), /^403 .*another user's$/)
  const uses = [
    () => host.checkQueue(bob, kept),
    () => host.deleteQueue(bob, kept, false, false),
    () => host.consume(bob, consumeRequest(kept), new Recorder()),
    () => host.declareQueue(bob, queueNamed(kept)),
  ]
  for (const use of uses) assert.match(await refusal(use), /^403/)
  const forbidden = sessionOf({ user: 'ann', may: () => false })
  const got = await host.get(channelOf(forbidden), kept, true)
  assert.equal(got?.message.routingKey, address)
  const admin = channelOf(sessionOf({ user: 'root', tags: ['administrator'] }))
  assert.equal(host.checkQueue(admin, kept).messages, 0)
})

test('nobody makes an address, publishes to a queue of replies by name, or binds one', async () => {
  await using there = await opened()
  const { host } = there
  const channel = channelOf(sessionOf({ user: 'ann' }))
  await host.consume(channel, replyConsumer(), new Recorder())
  const address = await ask(host, channel)
  host.channelClosed(channel)
  const [head, user, signature] = address.slice(replyTo.length + 1).split('.')
  const bob = Buffer.from('bob').toString('base64url')
  const made = [
    `${replyTo}.x`,
    `${replyTo}.${head}.${bob}.${signature}`,
    `${replyTo}.${head}.${user}.${signature}A`,
    `${replyTo}.${head}.${user}.`,
    `${replyTo}.${head}..${signature}`,
  ]
  for (const forged of made)
    assert.equal(await publish(host, messageTo('', forged)), 'unroutable', forged)
  assert.equal(await publish(there.hosts.host('shop'), messageTo('', address)), 'unroutable')
  const kept = 'amq.homing.replies.ann'
  host.checkQueue(channel, kept)
  assert.equal(await publish(host, messageTo('', kept)), 'unroutable')
  const request = { destination: kept, source: 'amq.fanout', routingKey: '', args: new Map() }
  assert.match(await refusal(() => host.bindQueue(channel, request)), /^403/)
})

test('replies wait for a requester that does not read, and what it never read is kept', async () => {
  await using there = await opened()
  const { host } = there
  const channel = channelOf(sessionOf({ user: 'ann' }))
  const recorder = new Recorder()
  recorder.room = 0
  const consumer = await host.consume(channel, replyConsumer(), recorder)
  const address = await ask(host, channel)
  for (let n = 0; n < 3; n++) assert.equal(await publish(host, messageTo('', address)), 'done')
  assert.equal(recorder.messages.length, 0)
  recorder.room = 2
  consumer.resume()
  assert.equal(recorder.messages.length, 2)
  host.channelClosed(channel)
  assert.equal(host.checkQueue(channel, 'amq.homing.replies.ann').messages, 1)
})

test('the name of direct replies is no queue, but declaring it answers', async () => {
  await using there = await opened()
  const { host } = there
  const answer = { name: replyTo, messages: 0, consumers: 1, made: false }
  assert.deepEqual(host.checkQueue(channelOf(), replyTo), answer)
  assert.deepEqual(await host.declareQueue(channelOf(), queueNamed(replyTo)), answer)
  assert.match(await refusal(() => host.checkQueue(channelOf(), `${replyTo}.x`)), /^404/)
  assert.match(await refusal(() => host.get(channelOf(), replyTo, true)), /^404/)
  assert.equal(await host.deleteQueue(channelOf(), replyTo, false, false), 0)
})

test('no dead letter and no notification comes among the replies of a user', async () => {
  await using there = await opened()
  const { host } = there
  const bob = channelOf(sessionOf({ user: 'bob' }))
  const kept = 'amq.homing.replies.bob'
  host.checkQueue(bob, kept)
  const dies = (exchange: string) => ({
    'x-message-ttl': 0,
    'x-dead-letter-exchange': exchange,
    'x-dead-letter-routing-key': kept,
  })
  await host.declareExchange(channelOf(), exchangeNamed('lost', 'direct', { args: elsewhere }))
  await host.declareQueue(channelOf(), queueNamed('by-default', { args: dies('') }))
  await host.declareQueue(channelOf(), queueNamed('by-alternate', { args: dies('lost') }))
  for (const queue of ['by-default', 'by-alternate']) await publish(host, messageTo('', queue))
  assert.equal(await publish(host, messageTo('lost', kept)), 'unroutable')
  const headers = table({ 'x-homing-notify': 'all' })
  const notified = messageTo('', 'nowhere', { headers, replyTo: kept, messageId: 'm' })
  assert.match(await refusal(() => publish(host, notified, bob)), /^403 .*takes no notifications/)
  assert.equal(host.checkQueue(bob, kept).messages, 0)
})

test('a notification goes where its publisher may write, or may read', async () => {
  await using there = await opened()
  const { host } = there
  await host.declareQueue(channelOf(), queueNamed('theirs'))
  const headers = table({ 'x-homing-notify': 'all' })
  const message = () => messageTo('amq.fanout', 'k', { headers, replyTo: 'theirs', messageId: 'm' })
  const as = (rights: readonly string[]) => {
    const may = (right: string, name: string) => rights.includes(`${right} ${name}`)
    const channel = channelOf(sessionOf({ user: 'ann', may }))
    return refusal(() => publish(host, message(), channel))
  }
  assert.match(await as(['write amq.fanout']), /^403 .*'amq.default'/)
  assert.equal(await as(['write amq.fanout', 'read theirs']), 'accepted')
  assert.equal(await as(['write amq.fanout', 'write amq.default']), 'accepted')
  assert.equal(host.checkQueue(channelOf(), 'theirs').messages, 2)
})

test('a reply reaches requesters that CC and BCC name as well, and what they missed is kept', async () => {
  await using there = await opened()
  const { host } = there
  const recorder = new Recorder()
  const [ann, bob] = ['ann', 'bob'].map((user) => channelOf(sessionOf({ user })))
  assert.ok(ann && bob)
  await host.consume(ann, replyConsumer(), recorder)
  await host.consume(bob, replyConsumer(), new Recorder())
  const [here, gone] = [await ask(host, ann), await ask(host, bob)]
  host.channelClosed(bob)
  await host.declareQueue(channelOf(), queueNamed('log'))
  const headers = table({ CC: [here, here, 'log'], BCC: [gone] })
  assert.equal(await publish(host, messageTo('', 'nowhere', { headers })), 'durable')
  assert.deepEqual(recorder.keys, ['nowhere'])
  assert.deepEqual(
    [...(decodeProperties(recorder.properties[0] as Uint8Array).headers?.keys() ?? [])],
    ['CC'],
  )
  assert.equal(host.checkQueue(channelOf(), 'log').messages, 1)
  assert.equal(host.checkQueue(bob, 'amq.homing.replies.bob').messages, 1)
  assert.equal(await publish(host, messageTo('', here, { headers })), 'durable')
  assert.equal(recorder.messages.length, 2)
  const only = table({ CC: [here] })
  assert.equal(await publish(host, messageTo('amq.fanout', 'k', { headers: only })), 'unroutable')
  assert.equal(await publish(host, messageTo('', 'nowhere', { headers: only })), 'done')
})
