import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { notAllowed } from '../../../src/amqp/protocol/amqp-error.ts'
import { encodeTable } from '../../../src/amqp/protocol/field-table.ts'
import { able, Trial, table } from './trial.ts'

const start = '0 connection.start 0 9 PLAIN AMQPLAIN'
const tune = '0 connection.tune 2047 131072 60'
const unable = table()

test('a client logs in, agrees on limits and opens a virtual host', async () => {
  const trial = await Trial.open()
  const client = trial.client()
  assert.deepEqual(await client.login().hears(), [start, tune])
  client.tune().send(0, { name: 'connection.open', virtualHost: '/' })
  assert.deepEqual(await client.hears(), ['0 connection.open-ok'])
  const { state, user, virtualHost, frameMax, givenName } = client.connection.facts
  assert.deepEqual(
    { state, user, virtualHost, frameMax, givenName },
    { state: 'running', user: 'guest', virtualHost: '/', frameMax: 131_072, givenName: '' },
  )
})

test('a handshake that comes byte by byte is the same handshake', async () => {
  const trial = await Trial.open()
  const client = trial.client()
  client.login({ clientProperties: new Map([...able, ['connection_name', 'drip']]) })
  for (const byte of client.writer.take()) client.raw(Uint8Array.of(byte))
  assert.deepEqual(await client.hears(), [start, tune])
  assert.equal(client.connection.facts.givenName, 'drip')
})

test('a whole session that comes in one piece is worked on in order', async () => {
  const trial = await Trial.open()
  const client = trial.client()
  client.login().tune().send(0, { name: 'connection.open', virtualHost: '/' })
  client.send(1, { name: 'channel.open' }).declare(1, 'q').publish(1, 'q', 'one').get(1, 'q', true)
  client.closeConnection()
  assert.deepEqual(await client.hears(), [
    start,
    tune,
    '0 connection.open-ok',
    '1 channel.open-ok',
    '1 queue.declare-ok q 0 0',
    '1 basic.get-ok 1 false 0 "one"',
    '0 connection.close-ok',
    'socket: end',
  ])
})

test('another protocol is answered with the one that is spoken, and the socket closes', async () => {
  for (const greeting of [
    'AMQP\x00\x01\x00\x00',
    'GET / HTTP/1.1\r\n\r\n',
    'AMQP\x01\x01\x08\x00',
  ]) {
    const trial = await Trial.open()
    const client = trial.client()
    client.raw(Buffer.from(greeting, 'latin1'))
    assert.deepEqual(await client.hears(), ['header 00000901', 'socket: end'], greeting)
    client.raw(Buffer.from('more of it'))
    assert.deepEqual(await client.hears(), [])
  }
})

test('a bad login is told to a client that understands it, with 403', async () => {
  const trial = await Trial.open()
  const client = trial.client()
  client.login({ response: '\0guest\0wrong' })
  assert.deepEqual(await client.hears(), [
    start,
    '0 connection.close 403 ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile. 0 0',
  ])
  client.send(0, { name: 'connection.close-ok' })
  assert.deepEqual(await client.hears(), ['socket: end'])
})

test('a bad login of another client is met with silence and dropped after three seconds', async () => {
  const trial = await Trial.open()
  const client = trial.client()
  client.login({ response: '\0guest\0wrong', clientProperties: unable })
  assert.deepEqual(await client.hears(2_900), [start])
  client.tune()
  assert.deepEqual(await client.hears(200), ['socket: destroy'])
  assert.equal(client.connection.state, 'over')
})

test('ANONYMOUS and mechanisms that are not offered are an invalid command', async () => {
  for (const mechanism of ['ANONYMOUS', 'EXTERNAL', 'SCRAM']) {
    const trial = await Trial.open()
    const heard = await trial.client().login({ mechanism }).hears()
    assert.match(heard[1] ?? '', /^0 connection\.close 503 COMMAND_INVALID/, mechanism)
  }
})

test('AMQPLAIN carries user and password in a table', async () => {
  const trial = await Trial.open()
  const fields = encodeTable(table({ LOGIN: 'guest', PASSWORD: 'guest' }))
  const client = trial.client().login({
    mechanism: 'AMQPLAIN',
    response: fields.toString('latin1'),
  })
  assert.deepEqual(await client.hears(), [start, tune])
})

test('what was not offered is refused with 530', async () => {
  const trial = await Trial.open()
  for (const wish of [{ frameMax: 0 }, { frameMax: 4_095 }, { channelMax: 2_048 }]) {
    const client = trial.client().login().tune(wish)
    assert.match((await client.hears()).at(-1) ?? '', /connection\.close 530 NOT_ALLOWED/)
  }
})

test('short frames are taken with a warning, and refused where RabbitMQ 4.3 is the measure', async () => {
  const trial = await Trial.open()
  const client = trial.client().login().tune({ frameMax: 4_096 })
  assert.deepEqual(await client.hears(), [start, tune])
  assert.deepEqual([...client.connection.facts.warnings.keys()], ['frame_max'])
  const strict = await Trial.open({ compat: 'rabbitmq-4.3' })
  const refused = await strict.client().login().tune({ frameMax: 4_096 }).hears()
  assert.match(refused.at(-1) ?? '', /530 .*lower than the minimum allowed value \(8192\)/)
})

test('a virtual host that may not be opened closes the connection with 530', async () => {
  const trial = await Trial.open({
    openVirtualHost: (name) => {
      throw notAllowed(`vhost ${name} not found`)
    },
  })
  const client = trial.client().login().tune()
  client.send(0, { name: 'connection.open', virtualHost: 'nowhere' })
  assert.deepEqual(
    (await client.hears()).at(-1),
    '0 connection.close 530 NOT_ALLOWED - vhost nowhere not found 10 40',
  )
})

test('frames of a channel before the virtual host is open are not looked at', async () => {
  const trial = await Trial.open()
  const early = trial.client().raw(Buffer.from('AMQP\0\0\x09\x01', 'latin1'))
  early.send(1, { name: 'channel.open' })
  assert.deepEqual(await early.hears(3_000), [start, 'socket: destroy'])
})

test('a client that does not open a virtual host in ten seconds is dropped', async () => {
  const trial = await Trial.open()
  const silent = trial.client()
  const slow = trial.client().login()
  assert.deepEqual(await slow.hears(), [start, tune])
  assert.deepEqual(await silent.hears(9_900), [])
  assert.deepEqual(await silent.hears(200), ['socket: destroy'])
  assert.deepEqual(await slow.hears(), ['socket: destroy'])
})

test('before the login no frame is longer than 8,192 bytes, and little is kept', async () => {
  const trial = await Trial.open()
  const client = trial.client().raw(Buffer.from('AMQP\0\0\x09\x01', 'latin1'))
  client.raw(Buffer.of(1, 0, 0, 0, 1, 0, 0))
  assert.deepEqual(await client.hears(3_000), [start, 'socket: destroy'])

  const { promise, resolve } = Promise.withResolvers<undefined>()
  const slow = await Trial.open({ authenticate: () => promise })
  const hoarding = slow.client().login()
  assert.deepEqual(await hoarding.hears(), [start])
  hoarding.raw(Buffer.alloc(16 * 1024 + 1, 8))
  assert.deepEqual(await hoarding.hears(), ['socket: destroy'])
  resolve(undefined)
})

test('frames that come while a login is checked wait for it', async () => {
  const { promise, resolve } = Promise.withResolvers<{ user: string }>()
  const trial = await Trial.open({ authenticate: () => promise })
  const client = trial.client().login()
  assert.deepEqual(await client.hears(), [start])
  client.tune().send(0, { name: 'connection.open', virtualHost: '/' })
  assert.deepEqual(await client.hears(), [])
  assert.equal(client.isPaused, true)
  resolve({ user: 'late' })
  assert.deepEqual(await client.hears(), [tune, '0 connection.open-ok'])
  assert.equal(client.isPaused, false)
})

test('a socket that closes while a login is checked ends when the check does', async () => {
  const { promise, resolve } = Promise.withResolvers<{ user: string }>()
  const over: string[] = []
  const trial = await Trial.open({ authenticate: () => promise })
  const client = trial.client({ over: (why) => over.push(why) }).login()
  await client.hears()
  client.connection.socketClosed()
  await client.hears()
  assert.deepEqual(over, [])
  resolve({ user: 'late' })
  await client.hears()
  assert.deepEqual(over, ['the socket was closed'])
})

test('connection.close in the middle of the handshake is answered', async () => {
  const trial = await Trial.open()
  const client = trial.client().login().closeConnection()
  assert.deepEqual(await client.hears(), [start, tune, '0 connection.close-ok', 'socket: end'])
})
