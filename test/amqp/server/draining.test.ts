import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startServer } from '../../../src/server/start-server.ts'
import { SocketClient } from './socket-client.ts'
import { testServer } from './test-server.ts'

const listen = [{ host: '127.0.0.1', port: 0 }]

/** What the next start finds in the queue. */
async function readyIn(directory: string): Promise<number | undefined> {
  const { server } = await startServer(directory, { listen })
  const [queue] = await server.engine.queues()
  await server.close()
  return queue?.ready
}

test('who holds a message when the server stops may settle it; nothing more is delivered, nobody comes in', async () => {
  await using server = await testServer({ listen, grace: '20s' })
  using client = await SocketClient.open({ port: server.port })
  await client.queue(1, 'q', true)
  await client.confirms(1)
  client.send(1, { name: 'basic.qos', prefetchSize: 0, prefetchCount: 1, global: false })
  client.consume(1, 'q', false).flush()
  await client.expect('basic.qos-ok')
  await client.expect('basic.consume-ok')
  for (const body of ['first', 'second']) client.publish(1, 'q', Buffer.from(body), true)
  client.flush()
  // The confirm and the delivery come in any order.
  let deliveryTag = 0
  const heard: string[] = []
  await new Promise<void>((resolve) => {
    client.onMethod = ({ method }) => {
      heard.push(method.name)
      if (method.name !== 'basic.deliver') return
      deliveryTag = method.deliveryTag
      resolve()
    }
  })
  const closing = server.server.close()
  await assert.rejects(SocketClient.connect({ port: server.port }), /ECONNREFUSED/)
  assert.equal(client.isClosed, false)
  client.send(1, { name: 'basic.ack', deliveryTag, multiple: false }).flush()
  await client.closed
  await closing
  assert.equal(heard.filter((name) => name === 'basic.deliver').length, 1)
  assert.equal(heard.at(-1), 'connection.close')
  assert.ok(!server.logLines.some((line) => line.includes('grace time')))
  assert.equal(await readyIn(server.directory), 1)
})

test('when the grace time is over, what is held goes back', async () => {
  await using server = await testServer({ listen, grace: '50ms' })
  using client = await SocketClient.open({ port: server.port })
  await client.queue(1, 'q', true)
  client.consume(1, 'q', false).publish(1, 'q', Buffer.from('held'), true).flush()
  await client.expect('basic.consume-ok')
  await client.expect('basic.deliver')
  await server.server.close()
  assert.ok(server.logLines.some((line) => /the grace time is over.* held=1/.test(line)))
  assert.equal(await readyIn(server.directory), 1)
})

test('a server that is stopped while it drains waits for nobody who has left', async () => {
  await using server = await testServer({ listen, grace: '20s' })
  using client = await SocketClient.open({ port: server.port })
  await client.queue(1, 'q', true)
  client.consume(1, 'q', false).publish(1, 'q', Buffer.from('held'), true).flush()
  await client.expect('basic.consume-ok')
  await client.expect('basic.deliver')
  const closing = server.server.close()
  client.socket.destroy()
  await closing
  assert.equal(await readyIn(server.directory), 1)
})
