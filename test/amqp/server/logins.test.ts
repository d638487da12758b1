import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { startBroker } from '../../../src/amqp.ts'
import { startServer } from '../../../src/server/start-server.ts'
import { refusalText, SocketClient } from './socket-client.ts'
import { testServer } from './test-server.ts'

const canary = 'canary-5e1d-in-the-coal-mine'

test('the first start makes an administrator whose password stands in a file of its owner', async () => {
  await using server = await testServer()
  const { directory, port, adminPassword } = server
  assert.ok(adminPassword.length >= 32)
  for (const name of ['admin-password', 'definitions.json'])
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name)
  assert.ok(!readFileSync(join(directory, 'definitions.json'), 'utf8').includes(adminPassword))
  using admin = await SocketClient.open({ port }, { user: 'admin', password: adminPassword })
  await admin.queue(1, 'q')
  await server.server.close()
  rmSync(join(directory, 'admin-password'))
  const again = await startServer(directory, { listen: [{ host: '127.0.0.1', port: 0 }] })
  assert.equal(again.adminPasswordFile, undefined)
  assert.ok(!existsSync(join(directory, 'admin-password')))
  const [listening] = again.server.listening
  using back = await SocketClient.open(
    { port: listening?.port ?? 0 },
    { user: 'admin', password: adminPassword },
  )
  assert.equal(back.isClosed, false)
  await again.server.close()
})

test('a wrong password is answered with 403', async () => {
  await using server = await testServer()
  const { port } = server
  using able = await SocketClient.connect({ port })
  const answer = await able.login({ password: 'wrong' })
  assert.match(
    answer ? refusalText(answer) : '',
    /^connection\.close 403 ACCESS_REFUSED - Login was/,
  )
})

test('guest can be turned off', async () => {
  await using server = await testServer({ guest: false })
  using guest = await SocketClient.connect({ port: server.port })
  const answer = await guest.login()
  assert.match(answer ? refusalText(answer) : '', /403 ACCESS_REFUSED/)
})

test('over a Unix socket one is on this machine', async () => {
  const path = join(tmpdir(), `homing-${process.pid}.sock`)
  await using server = await testServer({ listen: [{ path }] })
  using one = await SocketClient.open({ path })
  using other = await SocketClient.open({ path })
  await one.queue(1, 'q')
  await other.queue(1, 'r')
  const names = server.server.connections().map(({ name }) => name)
  assert.equal(new Set(names).size, 2)
})

test('before the login frames are short and few, or the socket is closed', async () => {
  await using server = await testServer()
  const { port } = server
  const frame = (bytes: number): Buffer => {
    const head = Buffer.from([1, 0, 0, 0, 0, 0, 0])
    head.writeUInt32BE(bytes, 3)
    return head
  }
  const greeting = Buffer.from('AMQP\0\0\x09\x01')
  const dropped = [
    [greeting, frame(8_193)],
    [greeting, frame(2 ** 32 - 1)],
    [Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    [greeting, Buffer.alloc(20_000)],
  ].map(async (sent) => {
    using client = await SocketClient.connect({ port })
    for (const bytes of sent) client.socket.write(bytes)
    await client.closed
  })
  await Promise.all(dropped)
  using good = await SocketClient.open({ port })
  assert.equal(good.isClosed, false)
})

test('one address can only have so many connections without a login, and the rest goes on', async () => {
  await using server = await testServer({ limits: { handshakesPerAddressMax: 3 } })
  const { port } = server
  using known = await SocketClient.open({ port })
  const silent = await Promise.all([1, 2, 3].map(() => SocketClient.connect({ port })))
  const refused = await SocketClient.connect({ port })
  await refused.closed
  assert.match(server.logLines.join('\n'), /turned away: 3 connections from this address have not/)
  await known.queue(1, 'q')
  for (const client of silent) client.socket.destroy()
})

test('a password appears in no log, no error, no list and no file but its own', async () => {
  await using broker = await startBroker({ users: [{ name: 'ada', password: canary }] })
  using ada = await SocketClient.open({ port: broker.port }, { user: 'ada', password: canary })
  await ada.queue(1, 'q')
  assert.ok(!inspect(broker.connections(), { depth: 20 }).includes(canary))
  assert.ok(!inspect(broker.accounts.users(), { depth: 20, showHidden: true }).includes(canary))
  await using server = await testServer()
  const { accounts } = server.server
  await accounts.addUser({ name: 'ada', password: Buffer.from(canary) })
  accounts.setPermission({ user: 'ada', vhost: '/', configure: '', write: '', read: '' })
  using right = await SocketClient.open({ port: server.port }, { user: 'ada', password: canary })
  right.send(0, { name: 'connection.update-secret', newSecret: Buffer.from(canary), reason: 'x' })
  right.flush()
  await right.expect('connection.update-secret-ok')
  using wrong = await SocketClient.connect({ port: server.port })
  await wrong.login({ user: 'ada', password: `${canary}!` })
  using amqplain = await SocketClient.connect({ port: server.port })
  await amqplain.login({ mechanism: `PLAIN${canary.slice(0, 1)}`, user: 'ada', password: canary })
  const error = await accounts
    .addUser({ name: 'ada', password: Buffer.from(canary) })
    .catch((e) => e)
  assert.equal(error.code, 'definition-exists')
  const seen = [
    ...server.logLines,
    inspect(error, { depth: 20 }),
    inspect(server.server.connections(), { depth: 20 }),
    readFileSync(join(server.directory, 'definitions.json'), 'utf8'),
  ]
  assert.ok(server.logLines.some((line) => line.includes('login refused')))
  assert.ok(!seen.join('\n').includes(canary))
})
