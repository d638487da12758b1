import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, test } from 'node:test'
import tls from 'node:tls'
import type { ServerSettings } from '../../../src/server.ts'
import { makeCertificates } from './certificates.ts'
import { SocketClient } from './socket-client.ts'
import { testServer } from './test-server.ts'

const certificates = makeCertificates()
const renewed = makeCertificates()
after(() => {
  certificates[Symbol.dispose]()
  renewed[Symbol.dispose]()
})

const host = '127.0.0.1'
const secured = (of: typeof certificates): ServerSettings => ({
  listen: [{ host, port: 0, tls: of.server }],
})

/** Serial number of the certificate that a new connection is shown. */
async function shownTo(port: number, ca: Buffer): Promise<string> {
  const socket = tls.connect({ host, port, ca })
  await once(socket, 'secureConnect')
  const { serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return serialNumber
}

test('new handshakes get the new certificate, live connections go on', async () => {
  await using server = await testServer(secured(certificates))
  const { port, adminPassword: password } = server
  const login = { user: 'admin', password }
  using live = await SocketClient.open({ port, tls: { ca: certificates.ca } }, login)
  const before = await shownTo(port, certificates.ca)
  const { changed, needsRestart } = await server.server.reload(secured(renewed))
  assert.deepEqual([changed, needsRestart], [['tls'], []])
  assert.notEqual(await shownTo(port, renewed.ca), before)
  await assert.rejects(shownTo(port, certificates.ca), /certificate/)
  await live.queue(1, 'still-there')
})

test('a certificate that does not fit its key is refused, and the old one stays in force', async () => {
  await using server = await testServer(secured(certificates))
  const before = await shownTo(server.port, certificates.ca)
  const { cert } = renewed.server
  const { key } = renewed.client
  await assert.rejects(server.server.reload({ listen: [{ host, port: 0, tls: { cert, key } }] }), {
    code: 'bad-certificate',
    message: /for amqps:.* cannot be used: .*; give PEM files that belong together/,
  })
  assert.equal(await shownTo(server.port, certificates.ca), before)
})

test('when one of two certificates is bad, neither is taken', async () => {
  const pair = (first: ServerSettings, second: ServerSettings): ServerSettings => ({
    listen: [...(first.listen ?? []), ...(second.listen ?? [])],
  })
  const good = secured(certificates)
  const bad: ServerSettings = {
    listen: [{ host, port: 0, tls: { ...renewed.server, cert: Buffer.from('no') } }],
  }
  await using server = await testServer(pair(good, good))
  const before = await shownTo(server.port, certificates.ca)
  await assert.rejects(server.server.reload(pair(secured(renewed), bad)), {
    code: 'bad-certificate',
  })
  assert.equal(await shownTo(server.port, certificates.ca), before)
})

test('limits and guest are changed for those who come from then on', async () => {
  await using server = await testServer({ listen: [{ host, port: 0 }], guest: true })
  const { port } = server
  const first = await SocketClient.open({ port })
  const tight = { listen: [{ host, port: 0 }], guest: true, limits: { connectionsMax: 1 } }
  assert.deepEqual((await server.server.reload(tight)).changed, ['limits'])
  await assert.rejects(SocketClient.open({ port }), /the socket was closed/)
  await first.queue(1, 'goes-on')
  await first.end()
  const closed = { listen: [{ host, port: 0 }], guest: false }
  const { changed } = await server.server.reload(closed)
  assert.deepEqual(changed.toSorted(), ['guest', 'limits'])
  await assert.rejects(SocketClient.open({ port }), /ACCESS_REFUSED|403/)
})

test('marks of alarms are changed at once', async () => {
  await using server = await testServer({ listen: [{ host, port: 0 }], guest: true })
  using publisher = await SocketClient.open({ port: server.port })
  const low: ServerSettings = { listen: [{ host, port: 0 }], diskFreeBytesMin: 2 ** 52 }
  await publisher.queue(1, 'q')
  await publisher.confirms(1)
  await server.server.reload(low)
  // The alarm is raised at the next look; until then publishes are confirmed.
  for (;;) {
    publisher.publish(1, 'q', Buffer.from('x')).flush()
    const told = (await publisher.next())?.method
    if (told?.name === 'basic.ack') continue
    assert.equal(told?.name === 'connection.blocked' && told.reason, 'low on disk')
    break
  }
  await server.server.reload({ ...low, diskFreeBytesMin: 1 })
  // The last publish was taken, and is confirmed as well.
  const told = [(await publisher.next())?.method.name, (await publisher.next())?.method.name]
  assert.deepEqual(told.toSorted(), ['basic.ack', 'connection.unblocked'])
})

test('what only a restart can change is named and stays as it was', async () => {
  await using server = await testServer({ listen: [{ host, port: 0 }], heartbeat: 20 })
  const wanted: ServerSettings = {
    listen: [{ host, port: 1 }],
    product: 'Other',
    heartbeat: 30,
    http: { listen: [] },
  }
  const { changed, needsRestart } = await server.server.reload(wanted)
  assert.deepEqual(changed, ['heartbeat'])
  assert.deepEqual(needsRestart.toSorted(), ['http', 'listen', 'product'])
  using client = await SocketClient.connect({ port: server.port })
  client.writer.protocolHeader()
  client.flush()
  const { serverProperties } = await client.expect('connection.start')
  assert.equal(serverProperties.get('product'), 'Homing')
  assert.deepEqual((await server.server.reload(wanted)).changed, [])
})

test('a reload with wrong settings, or without a configuration to read, changes nothing', async () => {
  await using server = await testServer({ listen: [{ host, port: 0 }] })
  await assert.rejects(server.server.reload({ heartbeat: -1 }), { code: 'bad-argument' })
  await assert.rejects(server.server.reload(), { code: 'unsupported' })
})
