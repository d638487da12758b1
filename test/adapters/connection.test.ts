import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'
import {
  AmqpClient,
  AmqpConnector,
  openAmqpConnection,
} from '../../src/adapters/amqp/connection.ts'
import { startBroker } from '../../src/amqp.ts'
import { HomingError } from '../../src/errors.ts'
import { homing } from '../../src/homing.ts'
import { makeCertificates } from '../amqp/server/certificates.ts'
import { testServer } from '../amqp/server/test-server.ts'

const users = [{ name: 'ann', password: 'se:cr/et' }]

const fails = (code: string, words: RegExp, retryable?: boolean) => (error: unknown) => {
  assert.ok(error instanceof HomingError, String(error))
  assert.equal(error.code, code, error.message)
  assert.match(error.message, words)
  assert.doesNotMatch(`${error.message} ${error.stack} ${JSON.stringify(error.data)}`, /cr\/et/)
  if (retryable !== undefined) assert.equal(error.retryable, retryable)
  return true
}

/** A server of our own that treats its connections so. */
async function listening(treat: (socket: net.Socket) => void): Promise<net.Server> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined)
    treat(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const portOf = (server: net.Server): number => (server.address() as net.AddressInfo).port

test('a connection that cannot be made says to which host, what happened, and what to do', async () => {
  await using broker = await startBroker({ users })
  const { port } = broker
  await assert.rejects(
    openAmqpConnection(`amqp://ann:se%3Acr%2Fet-no@127.0.0.1:${port}`),
    fails('login-refused', /name or password of user "ann"/, false),
  )
  await assert.rejects(
    openAmqpConnection(`${broker.url}/nowhere`),
    fails('access-refused', /user "ann" into virtual host "nowhere"/, false),
  )
  await assert.rejects(
    openAmqpConnection(`amqps://127.0.0.1:${port}`),
    fails('unreachable', /does it speak TLS/),
  )
  await assert.rejects(
    openAmqpConnection('amqp://127.0.0.1:1'),
    fails('unreachable', /127\.0\.0\.1:1: nobody listens there; start the broker/, true),
  )
  await assert.rejects(
    openAmqpConnection('amqp+unix:///tmp/no-such-homing.sock'),
    fails('unreachable', /no such socket/, true),
  )
})

test('a host that is silent, hangs up or speaks something else is unreachable, and in time', async () => {
  for (const treat of [
    () => undefined,
    (socket: net.Socket) => socket.end(),
    (socket: net.Socket) => socket.destroy(),
    (socket: net.Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  ]) {
    const server = await listening(treat)
    const url = `amqp://127.0.0.1:${portOf(server)}`
    await assert.rejects(
      openAmqpConnection(url, { connectTimeout: 300 }),
      fails('unreachable', /127\.0\.0\.1/, true),
    )
    server.close()
  }
})

test('several hosts are tried in turn, and the one that let us in comes first the next time', async () => {
  await using broker = await startBroker()
  let asked = 0
  const bad = await listening((socket) => {
    asked++
    socket.destroy()
  })
  const hosts = `amqp://127.0.0.1:${portOf(bad)},127.0.0.1:${broker.port},127.0.0.1:1`
  const connector = new AmqpConnector(hosts)
  await (await connector.connect()).close()
  const before = asked
  for (let n = 0; n < 5; n++) await (await connector.connect()).close()
  assert.equal(asked, before)
  bad.close()
  await broker.close()
  await assert.rejects(connector.connect(), fails('unreachable', /.*;.*;.*/))
})

test('a connection that nobody waits for any more is given up at once', async () => {
  const server = await listening(() => undefined)
  const ending = new AbortController()
  const connecting = new AmqpConnector(`amqp://127.0.0.1:${portOf(server)}`).connect(ending.signal)
  ending.abort()
  await assert.rejects(connecting, fails('aborted', /wait/))
  server.close()
})

test('a connection that came when nobody waited any more keeps no process alive', async () => {
  await using broker = await startBroker()
  const program = `
    import { AmqpConnector } from '${import.meta.dirname}/../../src/adapters/amqp/connection.ts'
    const waiting = new AbortController()
    const connecting = new AmqpConnector('${broker.url}').connect(waiting.signal)
    waiting.abort()
    await connecting.catch(({ code }) => console.log(code))`
  const run = ['--input-type=module', '-e', program]
  const ended = promisify(execFile)(process.execPath, run, { timeout: 30_000 })
  assert.equal((await ended).stdout.trim(), 'aborted')
})

test('a connection says why it ended, and one that is closed here says so', async () => {
  const broker = await startBroker()
  const lost = await openAmqpConnection(broker.url)
  const closed = await openAmqpConnection(broker.url)
  await closed.close()
  assert.equal((await closed.ended).code, 'closed')
  await closed.close()
  await broker.close()
  const reason = await lost.ended
  assert.equal(reason.code, 'connection-lost')
  assert.match(reason.message, /shutdown/)
})

test('the next connection of a client ends the one before, and no other client can', async () => {
  await using broker = await startBroker({ users: [...users, { name: 'bob', password: 'b' }] })
  const client = new AmqpClient()
  const none = (): void => undefined
  const connect = (url: string) => new AmqpConnector(url, {}, none, client).connect()
  const first = await connect(broker.url)
  const other = await openAmqpConnection(broker.url)
  const stranger = await connect(`amqp://bob:b@127.0.0.1:${broker.port}`)
  const second = await connect(broker.url)
  assert.match((await first.ended).message, /another connection in place of this one/)
  assert.equal(broker.connections().filter(({ state }) => state === 'running').length, 3)
  await Promise.all([other.close(), stranger.close(), second.close()])
})

test('over TLS the name in the certificate is checked, and a client may log in by its own', async () => {
  using certificates = makeCertificates()
  const { ca, server: tls, client, forged } = certificates
  const own = { ...tls, ca, userFrom: 'common-name' } as const
  await using served = await testServer({ listen: [{ host: '127.0.0.1', port: 0, tls: own }] })
  const { accounts } = served.server
  await accounts.addUser({ name: 'ada', password: undefined })
  const all = { configure: '.*', write: '.*', read: '.*' }
  accounts.setPermission({ user: 'ada', vhost: '/', ...all })
  const url = `amqps://127.0.0.1:${served.port}`
  const login = 'external'
  const ada = await openAmqpConnection(url, { login, tls: { ca, ...client } })
  assert.equal(served.server.connections()[0]?.user, 'ada')
  await ada.close()
  await assert.rejects(
    openAmqpConnection(url, { login, tls: { ca, ...client, serverName: 'other.example' } }),
    fails('bad-certificate', /tls\.serverName/, false),
  )
  await assert.rejects(openAmqpConnection(url), fails('bad-certificate', /tls\.ca/, false))
  await assert.rejects(openAmqpConnection(url, { login, tls: { ca, ...forged } }), HomingError)
  await assert.rejects(
    openAmqpConnection(url, { login, tls: { ca } }),
    fails('login-refused', /option login/, false),
  )
})

test('a server that hangs without a word is noticed by its missing heartbeats', async () => {
  await using broker = await startBroker()
  let isHung = false
  const relay = await listening((client) => {
    const server = net.connect(broker.port, '127.0.0.1')
    server.on('error', () => undefined)
    client.on('data', (chunk) => isHung || server.write(chunk))
    server.on('data', (chunk) => isHung || client.write(chunk))
    client.on('close', () => server.destroy())
  })
  const url = `amqp://127.0.0.1:${portOf(relay)}`
  const connection = await openAmqpConnection(url, { heartbeat: '1s' })
  isHung = true
  const reason = await connection.ended
  assert.equal(reason.code, 'connection-lost')
  relay.close()
})

test('options of one kind of engine are refused by the other, by name', async () => {
  const url = 'amqp://127.0.0.1:1'
  await assert.rejects(homing(url, { sync: 'never' }), fails('unknown-option', /"sync"/))
  await assert.rejects(homing('memory:', { heartbeat: '5s' }), fails('unknown-option', /heartbeat/))
  await assert.rejects(homing(url, { heartbeat: '5ms' }), fails('bad-duration', /heartbeat/))
  await assert.rejects(homing(url, { tls: {} }), fails('bad-argument', /amqps:/))
  await assert.rejects(
    homing('amqps://h', { tls: { ca: 'ca.pem' } }),
    fails('bad-certificate', /PEM/),
  )
  await assert.rejects(
    homing('amqps://h', { tls: { key: '-----BEGIN KEY' } }),
    fails('bad-certificate', /no cert/),
  )
  await assert.rejects(homing([url, './data']), fails('bad-argument', /not all are brokers/))
  await assert.rejects(
    homing(['amqp://h/a', 'amqp://h/b']),
    fails('bad-argument', /one virtual host/),
  )
  await assert.rejects(homing(url), fails('unreachable', /nobody listens/, true))
})
