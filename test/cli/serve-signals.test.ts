import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import tls from 'node:tls'
import { connect } from 'amqplib'
import { makeCertificates } from '../amqp/server/certificates.ts'
import { SocketClient } from '../amqp/server/socket-client.ts'
import { finished, HomingFolder, jsonLines, shows } from './homing-command.ts'

interface Told {
  readonly listening: readonly { readonly url: string; readonly port: number }[]
}

interface LogLine {
  readonly text: string
  readonly setting?: string
  readonly changed?: string
  readonly error?: string
}

const certificates = makeCertificates()
after(() => certificates[Symbol.dispose]())

async function serving(folder: HomingFolder, env: Readonly<Record<string, string>> = {}) {
  const words = ['serve', '--json', '--no-http', '--set', 'amqp.port=0']
  const child = folder.start(words, env)
  const ended = finished(child)
  let seen = ''
  child.stderr.on('data', (piece: Buffer) => {
    seen += piece.toString('utf8')
  })
  const [told] = jsonLines<Told>(await shows(child.stdout, /\n/))
  /** Sends the signal and waits for the line that tells what came of it. */
  const reloaded = async (line: RegExp): Promise<readonly LogLine[]> => {
    const from = seen.length
    const shown = shows(child.stderr, line)
    child.kill('SIGHUP')
    await shown
    return jsonLines<LogLine>(seen.slice(from).slice(0, seen.slice(from).lastIndexOf('\n')))
  }
  return { child, ended, listening: told?.listening ?? [], reloaded }
}

async function certificateAt(port: number): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return serialNumber
}

test('SIGHUP takes over what can be changed, names what cannot, and refuses a bad file as a whole', async () => {
  using folder = new HomingFolder()
  const file = join(folder.path, 'homing.toml')
  const at = (name: string): string => join(folder.path, name)
  for (const [from, to] of [
    ['server.pem', 'c.pem'],
    ['server.key', 'k.pem'],
  ] as const)
    copyFileSync(join(certificates.folder, from), at(to))
  const tlsLines = '[tls]\ncert = "c.pem"\nkey = "k.pem"\n'
  writeFileSync(file, `[amqp]\ntls_port = 0\n${tlsLines}`)
  const { child, ended, listening, reloaded } = await serving(folder)
  const [plain, secured] = listening.map(({ port }) => port)
  using live = await SocketClient.open({ port: plain ?? 0 })
  const before = await certificateAt(secured ?? 0)

  const more = '[amqp]\ntls_port = 1\nheartbeat = "7s"\n[log]\nlevel = "debug"\n'
  writeFileSync(file, `${more}${tlsLines}`)
  copyFileSync(join(certificates.folder, 'client.pem'), at('c.pem'))
  copyFileSync(join(certificates.folder, 'client.key'), at('k.pem'))
  const taken = await reloaded(/needs a restart/)
  assert.equal(taken.find(({ changed }) => changed)?.changed, 'amqp.heartbeat, log.level')
  assert.deepEqual(
    taken.flatMap(({ setting }) => setting ?? []),
    ['amqp.tls_port'],
  )
  assert.notEqual(await certificateAt(secured ?? 0), before)

  // The key does not belong to the certificate; the level would have been changed.
  copyFileSync(join(certificates.folder, 'server.key'), at('k.pem'))
  writeFileSync(file, `${more.replace('debug', 'error')}${tlsLines}`)
  const [refused] = await reloaded(/not taken over/)
  assert.match(refused?.error ?? '', /cannot be used/)
  writeFileSync(file, 'levl = 1\n')
  const [faulty] = await reloaded(/levl is no setting/)
  assert.match(faulty?.text ?? '', /what was in force stays/)
  await live.queue(1, 'goes-on')
  child.kill('SIGTERM')
  assert.equal((await ended).code, 0)
})

test('renewed certificates are taken without a signal', async () => {
  using folder = new HomingFolder()
  const at = (name: string): string => join(folder.path, name)
  copyFileSync(join(certificates.folder, 'server.pem'), at('c.pem'))
  copyFileSync(join(certificates.folder, 'server.key'), at('k.pem'))
  const lines = '[amqp]\ntls_port = 0\n[tls]\ncert = "c.pem"\nkey = "k.pem"\nwatch = "50ms"\n'
  writeFileSync(join(folder.path, 'homing.toml'), lines)
  const { child, ended, listening } = await serving(folder)
  const port = listening[1]?.port ?? 0
  const before = await certificateAt(port)
  const told = shows(child.stderr, /new certificates are in force/)
  for (const [from, to] of [
    ['client.key', 'k.pem'],
    ['client.pem', 'c.pem'],
  ] as const) {
    copyFileSync(join(certificates.folder, from), at(`${to}.next`))
    renameSync(at(`${to}.next`), at(to))
  }
  await told
  assert.notEqual(await certificateAt(port), before)
  child.kill('SIGTERM')
  assert.equal((await ended).code, 0)
})

/** Publishes that wait for their confirm. */
const inFlight = 5

/** A publisher and a consumer that go on until the server ends them. */
async function load(url: string) {
  const confirmed = new Set<string>()
  const worked: string[] = []
  const publisher = await connect(url)
  const consumer = await connect(url)
  const closed = [publisher, consumer].map((one) => once(one, 'close'))
  const out = await publisher.createConfirmChannel()
  const work = await consumer.createChannel()
  for (const one of [publisher, consumer, out, work]) one.on('error', () => undefined)
  await out.assertQueue('orders', { durable: true })
  await work.prefetch(20)
  let underWay: (() => void) | undefined
  const busy = new Promise<void>((resolve) => {
    underWay = resolve
  })
  await work.consume('orders', (message) => {
    if (message === null) return
    // Work takes its time: there is always something held.
    setTimeout(() => {
      try {
        work.ack(message)
      } catch {
        return // The connection is closed: it is not settled.
      }
      if (worked.push(message.content.toString()) === 100) underWay?.()
    }, 5)
  })
  const publish = (n: number): void => {
    out.publish('', 'orders', Buffer.from(String(n)), { persistent: true }, (error) => {
      if (error !== null) return
      confirmed.add(String(n))
      publish(n + inFlight)
    })
  }
  for (let n = 0; n < inFlight; n++) publish(n)
  return { confirmed, worked, busy, closed: Promise.all(closed) }
}

/** Everything that still waits in the queue. */
async function leftAt(url: string): Promise<readonly string[]> {
  const connection = await connect(url)
  const channel = await connection.createChannel()
  const left: string[] = []
  for (;;) {
    const message = await channel.get('orders', { noAck: true })
    if (message === false) break
    left.push(message.content.toString())
  }
  await connection.close()
  return left
}

test('stopped under load, the server loses nothing it confirmed, and nothing that was settled comes again', async () => {
  using folder = new HomingFolder()
  const { child, ended, listening } = await serving(folder)
  const { confirmed, worked, busy, closed } = await load(listening[0]?.url ?? '')
  await busy
  child.kill('SIGTERM')
  const { code, err } = await ended
  await closed
  assert.equal(code, 0)
  assert.doesNotMatch(err, /grace time is over/)
  const second = await serving(folder)
  const left = await leftAt(second.listening[0]?.url ?? '')
  second.child.kill('SIGTERM')
  await second.ended
  const seen = new Set([...worked, ...left])
  assert.deepEqual(
    [...confirmed].filter((n) => !seen.has(n)),
    [],
  )
  assert.ok(confirmed.size >= 100 && worked.length >= 100)
  assert.deepEqual(
    left.filter((n) => worked.includes(n)),
    [],
  )
})

test('a password is found nowhere but where it was given, whatever is logged', async () => {
  const canary = 'canary-7d1c9a'
  const wrong = 'canary-wrong-44'
  using folder = new HomingFolder()
  writeFileSync(join(folder.path, 'passphrase'), canary)
  writeFileSync(
    join(folder.path, 'homing.toml'),
    `admin_password = "${canary}"\n[log]\nlevel = "debug"\nfile = "homing.log"\n`,
  )
  const { child, ended, listening } = await serving(folder, {
    HOMING_TLS_KEY_PASSPHRASE_FILE: join(folder.path, 'passphrase'),
  })
  const port = listening[0]?.port ?? 0
  await (await SocketClient.open({ port }, { user: 'admin', password: canary })).end()
  for (const [mechanism, password] of [
    ['PLAIN', wrong],
    ['AMQPLAIN', wrong],
    ['SCRAM', canary],
  ] as const)
    await assert.rejects(SocketClient.open({ port }, { user: 'admin', password, mechanism }))
  const url = `amqp://admin:${wrong}@127.0.0.1:${port}`
  await assert.rejects(connect(url), (error: Error) => !error.message.includes(wrong))
  const sent = await folder.run(['send', 'q', '1', '--data', url])
  assert.ok(!`${sent.out}${sent.err}`.includes(wrong), sent.err)
  const shown = await folder.run(['config', 'show'])
  child.kill('SIGHUP')
  const log = join(folder.path, 'homing.log')
  // Reloading is over before it stops.
  child.kill('SIGTERM')
  const { out, err } = await ended
  for (const text of [out, err, shown.out, shown.err]) {
    assert.ok(!text.includes(canary) && !text.includes(wrong), text)
  }
  assert.match(shown.out, /admin_password +\[secret\]/)
  for (const name of readdirSync(folder.data)) {
    const path = join(folder.data, name)
    if (!statSync(path).isFile()) continue
    const bytes = readFileSync(path, 'latin1')
    assert.ok(!bytes.includes(canary) && !bytes.includes(wrong), name)
  }
  const lines = readFileSync(log, 'utf8')
  assert.match(lines, /"login refused: unknown user or wrong password"/)
  assert.ok(!lines.includes(canary) && !lines.includes(wrong))
  assert.ok(!readdirSync(folder.data).includes('admin-password'))
})
