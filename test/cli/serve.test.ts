import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeCertificates } from '../amqp/server/certificates.ts'
import { SocketClient } from '../amqp/server/socket-client.ts'
import { finished, HomingFolder, type HomingProcess, jsonLines, shows } from './homing-command.ts'

interface Told {
  readonly listening: readonly {
    readonly url: string
    readonly port: number
    readonly tls: boolean
  }[]
  readonly adminPasswordFile?: string
}

async function serving(folder: HomingFolder, words: readonly string[] = []) {
  const child = folder.start(['serve', '--json', '--no-http', '--amqp-port', '0', ...words])
  const ended = finished(child)
  const [told] = jsonLines<Told>(await shows(child.stdout, /\n/))
  return { child, ended, told: told as Told, port: told?.listening[0]?.port ?? 0 }
}

async function stop(child: HomingProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const gone = new Promise((resolve) => child.once('close', resolve))
  child.kill(signal)
  await gone
}

test('serve tells in one line where it listens, and where the first password is', async () => {
  using folder = new HomingFolder()
  const child = folder.start(['serve', '--no-http', '--amqp-port', '0'])
  const ended = finished(child)
  const line = await shows(child.stdout, /\n/)
  assert.match(line, /^homing listens on amqp:\/\/127\.0\.0\.1:\d+\n$/)
  child.kill('SIGTERM')
  const { code, out, err } = await ended
  assert.deepEqual([code, out], [0, line])
  assert.match(err, /the password of the user admin is in .*admin-password/)
  assert.equal(statSync(folder.data).mode & 0o777, 0o700)
  assert.equal(statSync(join(folder.data, 'admin-password')).mode & 0o777, 0o600)
})

test('a server that is asked to stop tells its clients, gives back what they hold and keeps it', async () => {
  using folder = new HomingFolder()
  // What is held here is never settled.
  const first = await serving(folder, ['--set', 'shutdown.grace=0s'])
  using client = await SocketClient.open({ port: first.port })
  await client.queue(1, 'orders', true)
  await client.confirms(1)
  client.publish(1, 'orders', Buffer.from('kept'), true).flush()
  await client.expect('basic.ack')
  client.consume(1, 'orders', false).flush()
  await client.expect('basic.consume-ok')
  assert.equal((await client.expect('basic.deliver')).redelivered, false)
  first.child.kill('SIGINT')
  const { replyCode, replyText } = await client.expect('connection.close')
  assert.deepEqual([replyCode, replyText.slice(0, 19)], [320, 'CONNECTION_FORCED -'])
  const { code, err } = await first.ended
  assert.equal(code, 0)
  assert.deepEqual(
    jsonLines<{ text: string }>(err)
      .map(({ text }) => text)
      .slice(-2),
    ['gone', 'stopped'],
  )
  const second = await serving(folder)
  using again = await SocketClient.open({ port: second.port })
  again.send(1, { name: 'channel.open' }).consume(1, 'orders', false).flush()
  await again.expect('channel.open-ok')
  await again.expect('basic.consume-ok')
  assert.equal((await again.expect('basic.deliver')).redelivered, true)
  await stop(second.child)
})

test('a second signal ends the server at once, and nothing confirmed is lost', async () => {
  using folder = new HomingFolder()
  const { child, ended, port } = await serving(folder)
  using client = await SocketClient.open({ port })
  // It would be waited for.
  client.answersClose = false
  await client.queue(1, 'orders', true)
  await client.confirms(1)
  client.publish(1, 'orders', Buffer.from('kept'), true).flush()
  await client.expect('basic.ack')
  const stopping = shows(child.stderr, /a second signal ends at once/)
  child.kill('SIGTERM')
  await stopping
  child.kill('SIGTERM')
  assert.equal((await ended).code, 130)
  const [queue] = await folder.json(['queues'])
  assert.deepEqual([queue?.name, queue?.ready], ['orders', 1])
})

test('a port in use, a directory in use and an address that is none are told in one line', async () => {
  using folder = new HomingFolder()
  using other = new HomingFolder()
  const { child, port } = await serving(folder)
  const busy = await other.run(['serve', '--no-http', '--amqp-port', String(port)])
  assert.equal(busy.code, 7)
  assert.match(
    busy.err,
    new RegExp(`port ${port} of 127\\.0\\.0\\.1 is in use by another program; stop`),
  )
  assert.doesNotMatch(busy.err, / at .*:\d+/)
  const locked = await folder.run(['serve', '--no-http', '--amqp-port', '0'])
  assert.equal(locked.code, 7)
  assert.match(locked.err, new RegExp(`in use by process ${child.pid}`))
  const nowhere = await other.run([
    'serve',
    '--no-http',
    '--amqp-port',
    '0',
    '--bind',
    '203.0.113.1',
  ])
  assert.equal(nowhere.code, 10)
  assert.match(nowhere.err, /port 0 of 203\.0\.113\.1 is no address of this machine/)
  await stop(child)
  const free = await other.json(['vhost', 'list'])
  assert.deepEqual(free, [{ name: '/' }])
})

test('options of TLS that do not fit each other, or their files, are refused before anything is made', async () => {
  using folder = new HomingFolder()
  using certificates = makeCertificates()
  const at = (name: string): string => join(certificates.folder, name)
  const serve = (...words: readonly string[]) =>
    folder.run(['serve', '--no-http', '--amqp-port', '0', ...words])
  const cases: readonly (readonly [number, RegExp, readonly string[]])[] = [
    [2, /--tls-cert: TLS is set up, but no port uses it/, ['--tls-cert', 'x']],
    [2, /--amqps-port: TLS needs a certificate and a key/, ['--amqps-port', '0']],
    [2, /this leaves no AMQP to listen for/, ['--no-amqp']],
    [
      2,
      /--tls-cert: the file of TLS cannot be read: ENOENT.* · --tls-key: the file/,
      ['--amqps-port', '0', '--tls-cert', 'x', '--tls-key', 'y'],
    ],
    [2, /alarms\.memory is "much"; give a size such as/, ['--memory-limit', 'much']],
    [2, /the product is "\/"/, ['--compat-product', '/']],
  ]
  for (const [code, says, words] of cases) {
    const ran = await serve(...words)
    assert.equal(ran.code, code, ran.err)
    assert.match(ran.err, says)
  }
  assert.ok(!existsSync(join(folder.data, 'definitions.json')))
  const mixed = await serve(
    '--amqps-port',
    '0',
    '--tls-cert',
    at('server.pem'),
    '--tls-key',
    at('client.key'),
  )
  assert.equal(mixed.code, 2)
  assert.match(mixed.err, /cannot be used: .*; give PEM files that belong together/)
})

test('serve listens with and without TLS, and says what product it was told to be', async () => {
  using folder = new HomingFolder()
  using certificates = makeCertificates()
  const at = (name: string): string => join(certificates.folder, name)
  const tls = ['--amqps-port', '0', '--tls-cert', at('server.pem'), '--tls-key', at('server.key')]
  const { child, told } = await serving(folder, [...tls, '--compat-product', 'RabbitMQ/3.13.7'])
  assert.deepEqual(
    told.listening.map((one) => one.tls),
    [false, true],
  )
  const [plain, secured] = told.listening
  using client = await SocketClient.connect({ port: plain?.port ?? 0 })
  client.writer.protocolHeader()
  client.flush()
  const { serverProperties } = await client.expect('connection.start')
  assert.deepEqual(
    [serverProperties.get('product'), serverProperties.get('version')],
    ['RabbitMQ', '3.13.7'],
  )
  using safe = await SocketClient.open({ port: secured?.port ?? 0, tls: { ca: certificates.ca } })
  assert.equal(safe.isClosed, false)
  await stop(child)
})

test('serve does not put its files among those of others', async () => {
  using folder = new HomingFolder()
  writeFileSync(join(folder.path, 'mine.txt'), 'mine')
  const { code, err } = await folder.run(['serve', '--data', '.', '--no-http', '--amqp-port', '0'])
  assert.equal(code, 2)
  assert.match(err, /holds other files \(mine\.txt\)/)
})

test('users, their passwords and permissions are managed while the server is stopped', async () => {
  using folder = new HomingFolder()
  await stop((await serving(folder)).child)
  const input = { stdin: 'first secret\r\nnot this\n' }
  assert.equal(await folder.ok(['user', 'add', 'ada', '--tag', 'monitoring'], input), '')
  writeFileSync(join(folder.path, 'password'), 'second secret\n')
  const env = { HOMING_PASSWORD_FILE: join(folder.path, 'password') }
  await folder.ok(['user', 'add', 'cert', '--no-password'])
  await folder.ok(['user', 'tags', 'ada', 'management', 'impersonator'])
  await folder.ok(['vhost', 'add', 'shop'])
  const patterns = ['--configure', '^mine', '--write', '.*', '--read', '']
  await folder.ok(['user', 'permissions', 'ada', '--vhost', 'shop', ...patterns])
  await folder.ok(['user', 'permissions', 'ada', '--vhost', 'shop', '--read', '.*'])
  await folder.ok([
    'user',
    'permissions',
    'ada',
    '--vhost',
    'shop',
    '--exchange',
    'news',
    '--write',
    '^eu',
  ])
  assert.deepEqual(await folder.json(['user', 'permissions', 'ada']), [
    { user: 'ada', vhost: 'shop', configure: '^mine', write: '.*', read: '.*' },
    { user: 'ada', vhost: 'shop', exchange: 'news', write: '^eu', read: '.*' },
  ])
  const users = await folder.json(['user', 'list'])
  assert.deepEqual(
    users.find(({ name }) => name === 'ada'),
    {
      name: 'ada',
      tags: ['management', 'impersonator'],
      password: true,
    },
  )
  const { child, port } = await serving(folder)
  const login = { user: 'ada', password: 'first secret', vhost: 'shop' }
  await (await SocketClient.open({ port }, login)).end()
  await stop(child)
  await folder.ok(['user', 'password', 'ada'], { env })
  await folder.ok(['user', 'permissions', 'ada', '--vhost', 'shop', '--clear'])
  assert.deepEqual((await folder.json(['user', 'permissions', 'ada'])).length, 1)
  await folder.ok(['user', 'delete', 'cert'])
  assert.match(await folder.ok(['user', 'list']), /ada +management, impersonator +password/)
  assert.ok(!readFileSync(join(folder.data, 'definitions.json'), 'utf8').includes('secret'))
})

test('what cannot be done with users is told with its reason', async () => {
  using folder = new HomingFolder()
  assert.equal((await folder.run(['user', 'list'])).code, 3)
  const { child } = await serving(folder)
  const cases: readonly (readonly [number, RegExp, readonly string[]])[] = [
    [3, /there is no user "nobody"/, ['user', 'password', 'nobody']],
    [3, /there is no user "nobody"/, ['user', 'delete', 'nobody']],
    [2, /there is a user "guest" already/, ['user', 'add', 'guest']],
    [2, /standard input holds no password/, ['user', 'add', 'ada']],
    [2, /write pattern is no regular expression/, ['user', 'permissions', 'guest', '--write', '(']],
    [2, /give patterns or --clear/, ['user', 'permissions', 'guest', '--write', 'x', '--clear']],
    [
      2,
      /leave --configure out/,
      ['user', 'permissions', 'guest', '--exchange', 'x', '--configure', ''],
    ],
    [
      3,
      /there is no virtual host "x"/,
      ['user', 'permissions', 'guest', '--vhost', 'x', '--write', ''],
    ],
    [2, /there is a virtual host "\/" already/, ['vhost', 'add', '/']],
    [3, /there is no virtual host "x"/, ['vhost', 'delete', 'x']],
  ]
  const busy = await folder.run(['user', 'list'])
  assert.deepEqual([busy.code, /in use by process/.test(busy.err)], [7, true])
  await stop(child)
  for (const [code, says, words] of cases) {
    const given = words[1] === 'add' && words[2] === 'guest' ? { stdin: 'x\n' } : {}
    const ran = await folder.run(words, given)
    assert.equal(ran.code, code, `${words.join(' ')}: ${ran.err}`)
    assert.match(ran.err, says)
    assert.doesNotMatch(ran.err, / at .*:\d+/)
  }
})

test('a virtual host deleted while the server is stopped is empty when it is added again', async () => {
  using folder = new HomingFolder()
  await stop((await serving(folder)).child)
  const all = ['--configure', '.*', '--write', '.*', '--read', '.*', '--vhost', 'shop']
  await folder.ok(['vhost', 'add', 'shop'])
  await folder.ok(['user', 'permissions', 'guest', ...all])
  const first = await serving(folder)
  using client = await SocketClient.open({ port: first.port }, { vhost: 'shop' })
  await client.queue(1, 'orders', true)
  await client.confirms(1)
  client.publish(1, 'orders', Buffer.from('x'), true).flush()
  await client.expect('basic.ack')
  await stop(first.child)
  await folder.ok(['vhost', 'delete', 'shop'])
  await folder.ok(['vhost', 'add', 'shop'])
  await folder.ok(['user', 'permissions', 'guest', ...all])
  const second = await serving(folder)
  using again = await SocketClient.open({ port: second.port }, { vhost: 'shop' })
  again
    .send(1, { name: 'channel.open' })
    .send(1, { name: 'basic.get', queue: 'orders', noAck: true })
  again.flush()
  await again.expect('channel.open-ok')
  assert.match((await again.expect('channel.close')).replyText, /NOT_FOUND - no queue 'orders'/)
  await stop(second.child)
})

test('nobody listens beyond this machine unless told to', async () => {
  using folder = new HomingFolder()
  const { child, port } = await serving(folder)
  const outside = net.connect({ port, host: '::1' })
  const refused = await new Promise((resolve) => {
    outside.once('error', () => resolve(true))
    outside.once('connect', () => resolve(false))
  })
  assert.equal(refused, true)
  await stop(child)
})
