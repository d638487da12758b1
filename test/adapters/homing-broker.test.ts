/* `homing('amqp://…')` as a program uses it, against a Homing broker. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import net from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startBroker } from '../../src/amqp.ts'
import { HomingError } from '../../src/errors.ts'
import { homing, queue } from '../../src/index.ts'

const door = join(import.meta.dirname, '../../src/index.ts')

/** Runs a program of its own; resolves with what it printed, once it has ended by itself. */
async function printed(program: string): Promise<string> {
  const source = `import { homing, queue } from ${JSON.stringify(door)}\n${program}`
  const args = ['--input-type=module-typescript', '--eval', source]
  return (await promisify(execFile)(process.execPath, args, { timeout: 30_000 })).stdout.trim()
}

test('a program that only sends over a connection ends by itself, and what it sent is there', async () => {
  await using broker = await startBroker()
  const program = `
    const home = await homing('${broker.url}')
    const receipt = await home.send(queue('job'), 1)
    console.log(receipt.duplicate)`
  assert.equal(await printed(program), 'false')
  const [stats] = await broker.engine.queues()
  assert.equal(stats?.ready, 1)
})

test('a program that waits for an outcome over a connection stays alive until it has it', async () => {
  await using broker = await startBroker()
  const program = `
    const job = queue('job', { retry: { attempts: 2, backoff: 30 } })
    const home = await homing('${broker.url}')
    home.consume(job, ({ attempt }) => {
      if (attempt === 1) throw new Error('not yet')
      return 'second'
    })
    console.log(await home.call(job, 1))
    await home.close()`
  assert.equal(await printed(program), 'second')
})

test('two homes on one broker share the work, and each has its own answers', async () => {
  await using broker = await startBroker()
  const double = queue('double')
  await using producer = await homing(broker.url)
  await using worker = await homing([broker.url])
  worker.consume(double, ({ input }) => Number(input) * 2, { concurrency: 10 })
  const outcomes = await producer.callAll(
    double,
    Array.from({ length: 200 }, (_, n) => n),
  )
  assert.deepEqual(
    outcomes.map((outcome) => outcome.ok && outcome.value),
    Array.from({ length: 200 }, (_, n) => 2 * n),
  )
})

test('the log is told of a connection that is lost; a server of another kind is refused then', async () => {
  const lines: string[] = []
  const tell = (_: object, text: string): void => {
    lines.push(text)
  }
  const first = await startBroker()
  const { port } = first
  const log = { debug: tell, info: tell, warn: tell, error: tell }
  const home = await homing(first.url, { log, patience: '20s' })
  await first.close()
  const other = await plainAmqp(port)
  const sending = home.send(queue('job'), 1)
  await assert.rejects(sending, (error: unknown) => {
    assert.ok(error instanceof HomingError)
    assert.equal(error.code, 'unreachable')
    assert.match(error.message, /was a Homing broker and is Plain 1\.0 now/)
    return true
  })
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /connection to amqp:\/\/127\.0\.0\.1:\d+ is lost/)
  await home.close()
  await other.close()
})

/** An AMQP server that says it is no Homing: a broker behind a relay that renames it. */
async function plainAmqp(port: number): Promise<{ close(): Promise<void> }> {
  const broker = await startBroker({ product: 'Plain/1.0' })
  const relay = net.createServer((client) => {
    const server = net.connect(broker.port, '127.0.0.1')
    client.on('error', () => server.destroy())
    server.on('error', () => client.destroy())
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroy())
    client.pipe(server)
    server.on('data', (chunk: Buffer) => {
      const at = chunk.indexOf('homing_port')
      if (at !== -1) chunk.write('homing_none', at)
      client.write(chunk)
    })
  })
  relay.listen(port, '127.0.0.1')
  return {
    close: async () => {
      relay.close()
      await broker.close()
    },
  }
}
