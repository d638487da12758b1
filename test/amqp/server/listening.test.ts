import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startBroker } from '../../../src/amqp.ts'
import { SocketClient } from './socket-client.ts'
import { testServer } from './test-server.ts'

test('where one cannot listen, the reason and what to do are told, and nothing stays open', async () => {
  const cases = [
    [{ host: '203.0.113.1', port: 0 }, 'address-refused', /is no address of this machine/],
    [{ host: 'nowhere.invalid', port: 0 }, 'address-refused', /port 0 of nowhere\.invalid/],
    [
      { path: join(tmpdir(), 'homing-nowhere', 'x.sock') },
      'address-refused',
      /choose a folder that is there/,
    ],
  ] as const
  for (const [address, code, message] of cases) {
    await assert.rejects(testServer({ listen: [address] }), { code, message })
  }
})

test('when the second address is refused, the first is given back', async () => {
  const free = net.createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as net.AddressInfo
  free.close()
  await once(free, 'close')
  const listen = [
    { host: '127.0.0.1', port },
    { host: '203.0.113.1', port: 0 },
  ]
  await assert.rejects(testServer({ listen }), { code: 'address-refused' })
  await assert.rejects(SocketClient.connect({ port }), /ECONNREFUSED/)
})

test('IPv6 is listened on, and a peer there is on this machine', async () => {
  await using broker = await startBroker({ host: '::1' })
  assert.match(broker.url, /^amqp:\/\/\[::1\]:\d+$/)
  using client = await SocketClient.open({ host: '::1', port: broker.port })
  assert.equal(broker.connections()[0]?.peer.address, '::1')
  assert.equal(client.isClosed, false)
})

test('a peer on IPv4 is shown as such where both are listened on', async () => {
  await using broker = await startBroker({ host: '::' })
  using client = await SocketClient.open({ host: '127.0.0.1', port: broker.port })
  assert.equal(broker.connections()[0]?.peer.address, '127.0.0.1')
  assert.equal(client.isClosed, false)
})

test('a client that does not answer the goodbye is not waited for long', async () => {
  const broker = await startBroker()
  using client = await SocketClient.open({ port: broker.port })
  client.answersClose = false
  using shy = await SocketClient.connect({ port: broker.port })
  await broker.close()
  await Promise.all([client.closed, shy.closed])
  await broker.close()
})
