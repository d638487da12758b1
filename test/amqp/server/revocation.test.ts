import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { startBroker } from '../../../src/amqp.ts'
import { SocketClient } from './socket-client.ts'
import { testServer } from './test-server.ts'

const all = { configure: '.*', write: '.*', read: '.*' }
const users = ['ada', 'bob'].map((name) => ({ name, password: 'secret' }))

test('a user who is deleted is disconnected at once, and what was held goes to others', async () => {
  await using broker = await startBroker({ users })
  const { port, accounts } = broker
  using ada = await SocketClient.open({ port }, { user: 'ada', password: 'secret' })
  using bob = await SocketClient.open({ port }, { user: 'bob', password: 'secret' })
  await ada.queue(1, 'q')
  await bob.queue(1, 'q')
  ada.publish(1, 'q', Buffer.from('x')).consume(1, 'q', false).flush()
  await ada.expect('basic.consume-ok')
  await ada.expect('basic.deliver')
  accounts.deleteUser('ada')
  const { replyCode, replyText } = await ada.expect('connection.close')
  assert.deepEqual([replyCode, replyText], [320, "CONNECTION_FORCED - user 'ada' was deleted"])
  bob.consume(1, 'q', false).flush()
  await bob.expect('basic.consume-ok')
  assert.equal((await bob.expect('basic.deliver')).redelivered, true)
  await assert.rejects(SocketClient.open({ port }, { user: 'ada', password: 'secret' }), /403/)
  assert.equal(bob.isClosed, false)
})

test('a permission that is narrowed ends the sessions that had it, in that virtual host', async () => {
  await using broker = await startBroker({ users, virtualHosts: ['other'] })
  const { port, accounts } = broker
  using here = await SocketClient.open({ port }, { user: 'ada', password: 'secret' })
  using there = await SocketClient.open(
    { port },
    { user: 'ada', password: 'secret', vhost: 'other' },
  )
  accounts.setPermission({ user: 'ada', vhost: '/', ...all, read: '^mine' })
  assert.equal((await here.expect('connection.close')).replyCode, 320)
  await there.queue(1, 'q')
  using again = await SocketClient.open({ port }, { user: 'ada', password: 'secret' })
  again.send(1, { name: 'channel.open' }).declare(1, 'q').consume(1, 'q').flush()
  await again.expect('channel.open-ok')
  await again.expect('queue.declare-ok')
  assert.match((await again.expect('channel.close')).replyText, /^ACCESS_REFUSED - /)
})

test('a virtual host that is deleted ends its sessions and takes its queues along', async () => {
  await using server = await testServer()
  const { port, adminPassword: password } = server
  const { accounts } = server.server
  accounts.addVirtualHost('shop')
  accounts.setPermission({ user: 'admin', vhost: 'shop', ...all })
  const login = { user: 'admin', password, vhost: 'shop' }
  using first = await SocketClient.open({ port }, login)
  await first.queue(1, 'orders', true)
  await first.confirms(1)
  first.publish(1, 'orders', Buffer.from('x'), true).flush()
  await first.expect('basic.ack')
  accounts.deleteVirtualHost('shop')
  assert.match((await first.expect('connection.close')).replyText, /vhost 'shop' was deleted/)
  await assert.rejects(SocketClient.open({ port }, login), /530 NOT_ALLOWED - vhost shop not found/)
  accounts.addVirtualHost('shop')
  accounts.setPermission({ user: 'admin', vhost: 'shop', ...all })
  const again = await reopened(() => SocketClient.open({ port }, login))
  await again.queue(1, 'orders', true)
  again.send(1, { name: 'queue.purge', queue: 'orders', nowait: false }).flush()
  assert.equal((await again.expect('queue.purge-ok')).messageCount, 0)
  await again.end()
})

/** Nobody enters until the old one is removed. */
async function reopened(open: () => Promise<SocketClient>): Promise<SocketClient> {
  for (;;) {
    try {
      return await open()
    } catch (error) {
      assert.match(String(error), /vhost shop not found/)
    }
  }
}
