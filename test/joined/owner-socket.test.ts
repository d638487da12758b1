import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import amqplib from 'amqplib'
import { directoryOwner, lockDirectory } from '../../src/embedded/directory-lock.ts'
import { engineOptions } from '../../src/embedded/engine-options.ts'
import { openAsOwner } from '../../src/joined/owner.ts'
import { openOwnerSocket } from '../../src/joined/owner-socket.ts'
import { shortPath, socketName } from '../../src/joined/socket-place.ts'
import { startServer } from '../../src/server/start-server.ts'
import { lacking, newDirectory } from '../faults/machine.ts'

/** Opens as the first process would; resolves when others can come. */
async function openOwner(directory: string) {
  const problems: string[] = []
  const onProblem = (text: string): unknown => problems.push(text)
  const engine = await openAsOwner(directory, engineOptions({ onProblem }))
  await socketThere(directory)
  return { engine, problems }
}

async function socketThere(directory: string): Promise<void> {
  while (!fs.existsSync(join(directory, socketName))) {
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** By EXTERNAL, or with a password that nobody looks at. */
function connect(directory: string, how: 'external' | 'plain' = 'external') {
  const path = join(directory, socketName)
  const credentials =
    how === 'external' ? amqplib.credentials.external() : amqplib.credentials.plain('x', 'y')
  return amqplib.connect({ protocol: 'amqp', heartbeat: 0 }, { path, credentials })
}

test('whoever can open the socket may do everything, without a password, and shares the queues', async () => {
  using directory = newDirectory()
  const { engine, problems } = await openOwner(directory.path)
  await engine.declareQueue('orders', {})
  for (const how of ['external', 'plain'] as const) {
    const connection = await connect(directory.path, how)
    const channel = await connection.createConfirmChannel()
    await channel.assertExchange(`made-${how}`, 'topic')
    channel.sendToQueue('orders', Buffer.from('x'))
    await channel.waitForConfirms()
    await connection.close()
  }
  const [orders] = await engine.queues()
  assert.deepEqual([orders?.name, orders?.ready], ['orders', 2])
  await engine.close()
  assert.deepEqual(problems, [])
})

test('the socket is for its owner alone, and nothing else is left beside it', async () => {
  using directory = newDirectory()
  fs.chmodSync(directory.path, 0o777)
  const { engine } = await openOwner(directory.path)
  const stats = fs.statSync(join(directory.path, socketName))
  assert.ok(stats.isSocket())
  assert.equal(stats.mode & 0o777, 0o600)
  assert.deepEqual(namesLike(directory.path, /sock/), [socketName])
  await engine.close()
  assert.deepEqual(namesLike(directory.path, /sock/), [], 'removed with the lock')
})

test('another user cannot connect, also when the directory is open to everybody', {
  skip: lacking('root'),
}, async () => {
  using directory = newDirectory()
  fs.chmodSync(directory.path, 0o777)
  const { engine } = await openOwner(directory.path)
  const path = JSON.stringify(join(directory.path, socketName))
  const program = `process.setgid(65534); process.setuid(65534)
    require('node:net').connect(${path}).on('error', (e) => console.log(e.code)).on('connect', () => console.log('in'))`
  assert.equal(
    execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }).trim(),
    'EACCES',
  )
  await engine.close()
})

test('the socket of a dead owner is replaced, and what a killed one left half made', async () => {
  using directory = newDirectory()
  const dead = join(directory.path, socketName)
  const beside = join(directory.path, `${socketName}.new`)
  fs.mkdirSync(beside)
  const program = `require('node:net').createServer().listen(${JSON.stringify(dead)}, () => process.kill(process.pid, 'SIGKILL'))`
  try {
    execFileSync(process.execPath, ['-e', program])
  } catch {}
  assert.ok(fs.statSync(dead).isSocket())
  const { ino } = fs.statSync(dead)
  const { engine } = await openOwner(directory.path)
  while (fs.statSync(dead).ino === ino) await new Promise((resolve) => setTimeout(resolve, 2))
  await (await connect(directory.path)).close()
  assert.ok(!fs.existsSync(beside))
  await engine.close()
})

test('a directory whose path is too long for a socket is joined as well', async () => {
  using directory = newDirectory()
  const long = join(directory.path, 'a'.repeat(100), 'b'.repeat(100))
  const { engine } = await openOwner(long)
  using short = shortPath(long, socketName)
  assert.ok(short.path.length < 60, short.path)
  const socket = net.connect(short.path)
  await once(socket, 'connect')
  socket.destroy()
  await engine.close()
  assert.deepEqual(namesLike(long, /sock/), [])
  assert.throws(() => shortPath(long, socketName, '/nowhere'), {
    code: 'unsupported',
    message: /homing\.sock is longer than the 103 bytes .* a shorter path$/,
  })
})

test('where there can be no socket the owner works on, and joiners are told why', async () => {
  using directory = newDirectory()
  // A folder that is in the way cannot be renamed over.
  fs.mkdirSync(join(directory.path, socketName, 'in', 'the', 'way'), { recursive: true })
  const lock = await lockDirectory(directory.path, { joinable: true })
  assert.equal(directoryOwner(directory.path).joining, 'joinable')
  assert.equal(await openOwnerSocket(directory.path, lock, () => undefined), undefined)
  assert.match(
    directoryOwner(directory.path).joining ?? '',
    /^it cannot be joined: .*(EISDIR|EEXIST|ENOTEMPTY)/,
  )
  lock.release()
  const engine = await openAsOwner(directory.path, engineOptions())
  await engine.declareQueue('works', {})
  await engine.close()
})

test('an owner that nobody joins, or that somebody has joined, ends with its program', async () => {
  using directory = newDirectory()
  const program = `
    import { openAsOwner } from '${import.meta.dirname}/../../src/joined/owner.ts'
    import { engineOptions } from '${import.meta.dirname}/../../src/embedded/engine-options.ts'
    await openAsOwner('${directory.path}', engineOptions())
    if (process.argv[1] === 'wait') {
      process.stdin.on('data', () => process.stdin.destroy())
    }`
  const run = ['--input-type=module', '-e', program]
  execFileSync(process.execPath, run, { timeout: 20_000 })
  const child = spawn(process.execPath, [...run, 'wait'], { stdio: ['pipe', 'inherit', 'inherit'] })
  const ended = once(child, 'exit')
  while (directoryOwner(directory.path).pid !== `${child.pid}`)
    await new Promise((r) => setTimeout(r, 5))
  const connection = await connectWhenServed(directory.path)
  connection.on('error', () => undefined)
  const closed = new Promise((resolve) => connection.on('close', resolve))
  child.stdin.end('now')
  assert.deepEqual(await ended, [0, null])
  await closed
})

test('homing serve is joined by the same socket, and its clients still need a password', async () => {
  using directory = newDirectory()
  const { server } = await startServer(directory.path, { listen: [{ host: '127.0.0.1', port: 0 }] })
  const connection = await connect(directory.path)
  const [facts] = server.connections()
  assert.equal(facts?.user, 'owner')
  server.accounts.setPermission({ user: 'admin', vhost: '/', configure: '', write: '', read: '' })
  const channel = await connection.createChannel()
  await channel.assertQueue('mine')
  const { port } = server.listening[0] as { port: number }
  await assert.rejects(
    amqplib.connect(`amqp://owner:owner@127.0.0.1:${port}`),
    /ACCESS_REFUSED|403/,
  )
  connection.on('error', () => undefined)
  const closed = new Promise((resolve) => connection.on('close', resolve))
  await server.close()
  await closed
  assert.deepEqual(namesLike(directory.path, /sock/), [])
})

test('definitions that cannot be read keep joiners out and are told', async () => {
  using directory = newDirectory()
  const { engine, problems } = await openOwner(directory.path)
  fs.writeFileSync(
    join(directory.path, 'definitions.json'),
    '{"format":"homing definitions","version":99}',
  )
  await assert.rejects(connect(directory.path))
  assert.match(problems.join(), /could not join .*definitions\.json/)
  fs.rmSync(join(directory.path, 'definitions.json'))
  await (await connect(directory.path)).close()
  await engine.close()
})

/** As joiners do: the lock is taken before the socket is there. The test's own time limit ends it. */
async function connectWhenServed(directory: string): Promise<Awaited<ReturnType<typeof connect>>> {
  for (;;) {
    try {
      return await connect(directory)
    } catch (error) {
      if (!/ECONNREFUSED|ENOENT/.test(String(error))) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

const namesLike = (directory: string, like: RegExp): string[] =>
  fs.readdirSync(directory).filter((name) => like.test(name))
