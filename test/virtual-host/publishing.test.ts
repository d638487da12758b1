import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeProperties } from '../../src/amqp/protocol/properties.ts'
import type { Host } from '../../src/virtual-host/host.ts'
import {
  binding,
  channelOf,
  exchangeNamed,
  messageTo,
  openHosts,
  publish,
  queueNamed,
  refusal,
  sessionOf,
  table,
} from './opened-host.ts'

const taken = async (host: Host, queue: string) => {
  const got = await host.get(channelOf(), queue, true)
  return got && decodeProperties(got.properties)
}

async function declare(host: Host, ...names: readonly string[]): Promise<void> {
  for (const name of names) await host.declareQueue(channelOf(), queueNamed(name))
}

test('a publish reaches its queue, says when it is on disk, and whether it reached none', async () => {
  await using opened = await openHosts()
  const { host } = opened
  await declare(host, 'q')
  await host.declareQueue(channelOf(), queueNamed('t', { durable: false }))
  assert.equal(await publish(host, messageTo('', 'q', { deliveryMode: 2 })), 'durable')
  assert.equal(await publish(host, messageTo('', 'q')), 'done')
  assert.equal(await publish(host, messageTo('', 't', { deliveryMode: 2 })), 'done')
  assert.equal(await publish(host, messageTo('', 'none')), 'unroutable')
  await declare(host, 'none')
  assert.equal(await publish(host, messageTo('', 'none')), 'done')
  await host.deleteQueue(channelOf(), 'none', false, false)
  assert.equal(await publish(host, messageTo('', 'none')), 'unroutable')
})

test('a run of equal publishes follows what is bound, deleted and forbidden meanwhile', async () => {
  await using opened = await openHosts()
  const { host } = opened
  let allowed = true
  const facts = { rightsVersion: 1 }
  const session = { ...sessionOf({ may: () => allowed }), ...facts }
  const channel = channelOf(session)
  await declare(host, 'a', 'b')
  await host.bindQueue(channelOf(), binding('a', 'amq.direct', 'k'))
  const counts = () => ['a', 'b'].map((name) => host.checkQueue(channelOf(), name).messages)
  await publish(host, messageTo('amq.direct', 'k'), channel)
  await publish(host, messageTo('amq.direct', 'k'), channel)
  assert.deepEqual(counts(), [2, 0])
  await host.bindQueue(channelOf(), binding('b', 'amq.direct', 'k'))
  await publish(host, messageTo('amq.direct', 'k'), channel)
  assert.deepEqual(counts(), [3, 1])
  await host.unbindQueue(channelOf(), binding('a', 'amq.direct', 'k'))
  await publish(host, messageTo('amq.direct', 'k'), channel)
  assert.deepEqual(counts(), [3, 2])
  allowed = false
  session.rightsVersion++
  assert.match(await refusal(() => publish(host, messageTo('amq.direct', 'k'), channel)), /^403/)
  assert.deepEqual(counts(), [3, 2])
})

test('missing and internal exchanges are refused', async () => {
  await using opened = await openHosts()
  const { host } = opened
  await host.declareExchange(channelOf(), exchangeNamed('int', 'direct', { internal: true }))
  const refused = (exchange: string) => refusal(() => publish(host, messageTo(exchange, 'k')))
  assert.equal(await refused('nope'), "404 no exchange 'nope' in vhost '/'")
  for (const name of ['int', 'amq.rabbitmq.trace']) {
    assert.equal(
      await refused(name),
      `403 cannot publish to internal exchange '${name}' in vhost '/'`,
    )
  }
})

test('an expiration is a text of a number; 0 is deliver now or die', async () => {
  await using opened = await openHosts()
  const { host } = opened
  await declare(host, 'q')
  const refused = (expiration: string) =>
    refusal(() => publish(host, messageTo('', 'q', { expiration })))
  assert.equal(await refused('abc'), "406 invalid expiration 'abc': no_integer")
  assert.equal(await refused(''), "406 invalid expiration '': no_integer")
  assert.equal(await refused(' 1'), "406 invalid expiration ' 1': no_integer")
  assert.equal(await refused('-1'), "406 invalid expiration '-1': {value_negative,-1}")
  assert.equal(await refused('1a'), '406 invalid expiration \'1a\': {leftover_string,"a"}')
  assert.equal(await refused('1.5'), '406 invalid expiration \'1.5\': {leftover_string,".5"}')
  assert.equal(
    await refused('315360000001'),
    "406 invalid expiration '315360000001': {value_too_large,315360000001}",
  )
  assert.equal(await refused('+60000'), 'accepted')
  assert.equal(host.checkQueue(channelOf(), 'q').messages, 1)
  await host.purgeQueue(channelOf(), 'q')
  await publish(host, messageTo('', 'q', { expiration: '0' }))
  assert.equal(await host.get(channelOf(), 'q', true), undefined)
})

test('a delivery mode is 1 or 2, or none', async () => {
  await using opened = await openHosts()
  const { host } = opened
  await declare(host, 'q')
  for (const deliveryMode of [0, 3, 7]) {
    assert.equal(
      await refusal(() => publish(host, messageTo('', 'q', { deliveryMode }))),
      `406 invalid message: {delivery_mode_unknown,${deliveryMode}}`,
    )
  }
  assert.equal(await publish(host, messageTo('', 'q', { deliveryMode: 1 })), 'done')
  assert.equal(host.checkQueue(channelOf(), 'q').messages, 1)
})

test('a user-id is the login, unless an impersonator says it', async () => {
  await using opened = await openHosts()
  const { host } = opened
  await declare(host, 'q')
  const as = (tags: readonly string[], userId: string) =>
    refusal(() =>
      publish(host, messageTo('', 'q', { userId }), channelOf(sessionOf({ user: 'ann', tags }))),
    )
  assert.equal(await as([], 'ann'), 'accepted')
  assert.equal(
    await as(['administrator'], 'bob'),
    "406 user_id property set to 'bob' but authenticated user was 'ann'",
  )
  assert.equal(await as(['impersonator'], 'bob'), 'accepted')
})

test('CC and BCC are further keys, each queue gets one copy, and nobody sees BCC', async () => {
  await using opened = await openHosts()
  const { host } = opened
  await declare(host, 'q', 'cc', 'bcc')
  const headers = table({ CC: ['cc', 'q', 7], BCC: ['bcc', 'nowhere'], other: 1 })
  assert.equal(await publish(host, messageTo('', 'q', { headers })), 'done')
  for (const queue of ['q', 'cc', 'bcc']) {
    assert.equal(host.checkQueue(channelOf(), queue).messages, 1)
    const got = await taken(host, queue)
    assert.deepEqual([...(got?.headers?.keys() ?? [])], ['CC', 'other'])
  }
  const wrong = messageTo('', 'q', { headers: table({ CC: 'notarray' }) })
  assert.match(await refusal(() => publish(host, wrong)), /^406 invalid message/)
  assert.equal(host.checkQueue(channelOf(), 'q').messages, 0)
})

test('headers route message by message, also in a run of equal keys', async () => {
  await using opened = await openHosts()
  const { host } = opened
  await declare(host, 'red', 'blue')
  for (const color of ['red', 'blue'])
    await host.bindQueue(channelOf(), binding(color, 'amq.headers', '', { color }))
  for (const color of ['red', 'blue', 'blue', 'none'])
    await publish(host, messageTo('amq.headers', '', { headers: table({ color }) }))
  assert.equal(host.checkQueue(channelOf(), 'red').messages, 1)
  assert.equal(host.checkQueue(channelOf(), 'blue').messages, 2)
})

test('what an exchange cannot route goes to its alternate exchange', async () => {
  await using opened = await openHosts()
  const { host } = opened
  await declare(host, 'rest')
  const alternate = { args: { 'alternate-exchange': 'amq.fanout' } }
  await host.declareExchange(channelOf(), exchangeNamed('e', 'direct', alternate))
  assert.equal(await publish(host, messageTo('e', 'k')), 'unroutable')
  await host.bindQueue(channelOf(), binding('rest', 'amq.fanout'))
  assert.equal(await publish(host, messageTo('e', 'k')), 'done')
})

test('a priority above that of its queue counts as the highest', async () => {
  await using opened = await openHosts()
  const { host } = opened
  await host.declareQueue(channelOf(), queueNamed('p', { args: { 'x-max-priority': 5 } }))
  await declare(host, 'plain')
  for (const [n, priority] of [1, 200, 5, 0].entries()) {
    await publish(host, messageTo('', 'p', { priority, appId: String(n) }))
    await publish(host, messageTo('', 'plain', { priority, appId: String(n) }))
  }
  const order = async (queue: string) => {
    const ids: (string | undefined)[] = []
    for (let n = 0; n < 4; n++) ids.push((await taken(host, queue))?.appId)
    return ids.join('')
  }
  assert.equal(await order('p'), '1203')
  assert.equal(await order('plain'), '0123')
})

test('an x-delayed-message exchange holds a message back as long as x-delay says', async () => {
  const { SimulatedClock } = await import('../../src/testing/simulated-clock.ts')
  const clock = new SimulatedClock()
  const opened = await openHosts({ clock })
  const { host } = opened
  const args = { 'x-delayed-type': 'direct' }
  void host.declareExchange(channelOf(), exchangeNamed('later', 'x-delayed-message', { args }))
  void host.declareQueue(channelOf(), queueNamed('q', { durable: false }))
  void host.bindQueue(channelOf(), binding('q', 'later', 'k'))
  const delayed = (delay: number | string) =>
    publish(host, messageTo('later', 'k', { headers: table({ 'x-delay': delay }) }))
  assert.equal(await delayed(1_000), 'done')
  assert.equal(await delayed('2000'), 'done')
  assert.equal(await delayed(-5), 'done')
  assert.equal(host.checkQueue(channelOf(), 'q').messages, 1)
  await clock.advance(1_100)
  assert.equal(host.checkQueue(channelOf(), 'q').messages, 2)
  await clock.advance(1_000)
  assert.equal(host.checkQueue(channelOf(), 'q').messages, 3)
  assert.equal((await taken(host, 'q'))?.headers?.get('x-delay'), -1_000)
  opened.hosts.close()
})

test('a check for a transaction refuses what publishing would, and publishes nothing', async () => {
  await using opened = await openHosts()
  const { host } = opened
  await declare(host, 'q')
  const check = (...to: Parameters<typeof messageTo>) =>
    refusal(() => host.checkPublish(channelOf(), messageTo(...to)))
  assert.equal(await check('', 'q'), 'accepted')
  assert.match(await check('none', 'q'), /^404/)
  assert.match(await check('', 'q', { expiration: 'x' }), /^406/)
  assert.match(await check('', 'q', { replyTo: 'amq.rabbitmq.reply-to' }), /^406 fast reply/)
  assert.equal(host.checkQueue(channelOf(), 'q').messages, 0)
})
