import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import net from 'node:net'
import { after, test } from 'node:test'
import type { TlsSettings } from '../../../src/amqp/listen-address.ts'
import { makeCertificates } from './certificates.ts'
import { refusalText, SocketClient } from './socket-client.ts'
import { testServer } from './test-server.ts'

const certificates = makeCertificates()
after(() => certificates[Symbol.dispose]())

const { ca, server: own, client, forged } = certificates
const listen = (more: Partial<TlsSettings> = {}) => [
  { host: '127.0.0.1', port: 0, tls: { ...own, ...more } },
]

test('a client talks over TLS, the certificate verified, and logs in by password', async () => {
  await using server = await testServer({ listen: listen() })
  const { port, adminPassword: password } = server
  using ada = await SocketClient.open({ port, tls: { ca } }, { user: 'admin', password })
  await ada.queue(1, 'q')
  const [facts] = server.server.connections()
  assert.equal(facts?.peer.tls, true)
  await assert.rejects(SocketClient.connect({ port, tls: {} }), /certificate/)
  await assert.rejects(
    SocketClient.connect({ port, tls: { ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' } }),
  )
})

test('a certificate that was verified names the user, by common name or alternative name', async () => {
  for (const [userFrom, name] of [
    ['common-name', 'ada'],
    ['subject-alternative-name', 'ada@example.org'],
  ] as const) {
    await using server = await testServer({ listen: listen({ ca, verifyPeer: true, userFrom }) })
    await server.server.accounts.addUser({ name, password: undefined })
    const all = { configure: '.*', write: '.*', read: '.*' }
    server.server.accounts.setPermission({ user: name, vhost: '/', ...all })
    const { port } = server
    using ada = await SocketClient.open({ port, tls: { ca, ...client } }, { mechanism: 'EXTERNAL' })
    assert.equal(server.server.connections()[0]?.user, name)
    await ada.end()
  }
})

test('a certificate of another authority names nobody', async () => {
  await using server = await testServer({ listen: listen({ ca }) })
  await server.server.accounts.addUser({ name: 'ada', password: undefined })
  const target = { port: server.port, tls: { ca, ...forged } }
  using stranger = await SocketClient.connect(target)
  const answer = await stranger.login({ mechanism: 'EXTERNAL' })
  assert.match(answer ? refusalText(answer) : '', /^connection\.close 503 /)
  using without = await SocketClient.connect({ port: server.port, tls: { ca } })
  const other = await without.login({ mechanism: 'EXTERNAL' })
  assert.match(other ? refusalText(other) : '', /^connection\.close 503 /)
})

test('where clients must show a certificate, those without a good one get no further than TLS', async () => {
  await using server = await testServer({ listen: listen({ ca, verifyPeer: true }) })
  const { port } = server
  for (const shown of [{}, forged]) {
    // With TLS 1.3 a client learns of the refusal only when it reads.
    const answer = await SocketClient.connect({ port, tls: { ca, ...shown } }).then(
      (connected) => connected.login({ user: 'admin', password: server.adminPassword }),
      () => undefined,
    )
    assert.equal(answer, undefined)
  }
  assert.deepEqual(server.server.connections(), [])
  using known = await SocketClient.open(
    { port, tls: { ca, ...client } },
    { user: 'admin', password: server.adminPassword },
  )
  assert.equal(known.isClosed, false)
})

test('what speaks no TLS on that port is dropped and no longer counted, and the port lives on', async () => {
  const limits = { handshakesPerAddressMax: 1, connectionsPerAddressMax: 1 }
  await using server = await testServer({ listen: listen(), limits })
  const { port, adminPassword: password } = server
  const plain = net.connect({ port, host: '127.0.0.1' })
  plain.on('error', () => undefined)
  plain.write(Buffer.from('AMQP\0\0\x09\x01'))
  plain.resume()
  await once(plain, 'close')
  using ada = await SocketClient.open({ port, tls: { ca } }, { user: 'admin', password })
  assert.equal(ada.isClosed, false)
})

test('a server that stops tells its clients, those over TLS too', async () => {
  const server = await testServer({ listen: listen() })
  const { port, adminPassword: password } = server
  using ada = await SocketClient.open({ port, tls: { ca } }, { user: 'admin', password })
  const silent = net.connect({ port, host: '127.0.0.1' })
  await once(silent, 'connect')
  const closing = server[Symbol.asyncDispose]()
  const { replyCode, replyText } = await ada.expect('connection.close')
  assert.equal(replyCode, 320)
  assert.match(replyText, /^CONNECTION_FORCED - broker forced connection closure/)
  await closing
  silent.destroy()
})

test('certificates and keys that do not fit are refused with the reason', async () => {
  const broken: readonly Partial<TlsSettings>[] = [
    { cert: Buffer.from('no certificate') },
    { key: client.key },
    { ca: Buffer.from('-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n') },
  ]
  for (const more of broken) {
    await assert.rejects(testServer({ listen: listen(more) }), {
      code: 'bad-certificate',
      message: /give PEM files that belong together/,
    })
  }
})
