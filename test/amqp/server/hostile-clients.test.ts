import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import v8 from 'node:v8'
import { startBroker } from '../../../src/amqp.ts'
import { type AttackName, attacks, healthyClient } from './hostile-clients.ts'
import { SocketClient } from './socket-client.ts'
import { testServer } from './test-server.ts'

const mib = 2 ** 20
const used = (): number => {
  const { used_heap_size, external_memory } = v8.getHeapStatistics()
  return used_heap_size + external_memory
}

/** The same with more connections and a stopwatch is scripts/hostile-clients.ts. */
const scaled: readonly (readonly [AttackName, number])[] = [
  ['idle', 500],
  ['slow', 200],
  ['long-frames', 20],
  ['bad-logins', 20],
  ['deaf', 1],
  ['endless', 1],
]

for (const [name, count] of scaled) {
  test(`a healthy client goes on under the attack "${name}", and nothing is left of it`, async () => {
    await using broker = await startBroker()
    const { port } = broker
    await using healthy = await healthyClient({ port }, 2_000)
    const stopping = new AbortController()
    const attack = Promise.withResolvers<void>()
    const over = attacks[name]({ port }, count, stopping.signal, attack.resolve)
    await attack.promise
    const from = healthy.consumed
    await until(() => healthy.consumed >= from + 1_000)
    const waiting = broker.connections().reduce((sum, { waitingBytes }) => sum + waitingBytes, 0)
    assert.ok(waiting < 4 * mib, `${waiting} bytes wait for sockets`)
    stopping.abort()
    await over
    await until(() => broker.connections().length === 2)
    assert.equal(healthy.blocks, 0)
  })
}

test('publishers are blocked when memory runs low, consumers go on, and it is lifted', async () => {
  await using broker = await startBroker({ memoryBytesMax: used() + 96 * mib })
  const { port } = broker
  using flood = await SocketClient.open({ port })
  using consumer = await SocketClient.open({ port })
  using quiet = await SocketClient.open({ port })
  await consumer.queue(1, 'small')
  await flood.queue(1, 'flood')
  flood.publish(1, 'small', Buffer.from('x')).flush()
  await publishUntilBlocked(flood)
  assert.match(
    broker
      .connections()
      .map(({ isBlocked }) => isBlocked)
      .join(),
    /true/,
  )
  // A connection that never published was told nothing, and may go on declaring, consuming, purging.
  consumer.consume(1, 'small').flush()
  await consumer.expect('basic.consume-ok')
  await consumer.expect('basic.deliver')
  await quiet.queue(1, 'another')
  quiet.send(1, { name: 'queue.purge', queue: 'flood', nowait: false }).flush()
  assert.ok((await quiet.expect('queue.purge-ok')).messageCount > 10)
  await drained(flood)
  const probe = await SocketClient.open({ port })
  await probe.queue(1, 'small')
  await probe.confirms(1)
  probe.publish(1, 'small', Buffer.from('y')).flush()
  assert.equal((await probe.next())?.method.name, 'basic.ack')
  await probe.end()
})

test('a disk that is nearly full blocks publishers, and says why', async () => {
  await using server = await testServer({ diskFreeBytesMin: Number.MAX_SAFE_INTEGER })
  using publisher = await SocketClient.open({ port: server.port })
  await publisher.queue(1, 'q')
  // The disk is looked at when the first connection opens; only who publishes after that is blocked.
  await until(() => server.server.blockedFor !== undefined)
  publisher.publish(1, 'q', Buffer.from('x')).flush()
  assert.equal((await publisher.expect('connection.blocked')).reason, 'low on disk')
  assert.equal(server.server.blockedFor, 'low on disk')
})

async function publishUntilBlocked(flood: SocketClient): Promise<void> {
  const body = Buffer.alloc(mib / 4, 'x')
  let isBlocked = false
  flood.onMethod = ({ method }) => {
    if (method.name === 'connection.blocked') isBlocked = true
    if (method.name === 'connection.unblocked') isBlocked = false
  }
  await until(() => {
    if (!isBlocked && flood.socket.writableLength === 0) flood.publish(1, 'flood', body).flush()
    return isBlocked
  })
}

async function drained(flood: SocketClient): Promise<void> {
  let isBlocked = true
  flood.onMethod = ({ method }) => {
    if (method.name === 'connection.unblocked') isBlocked = false
  }
  await until(() => !isBlocked)
}

/** Looks each turn of the event loop; the test's own time limit ends it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
