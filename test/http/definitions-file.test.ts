import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { SocketClient } from '../amqp/server/socket-client.ts'
import { testServer } from '../amqp/server/test-server.ts'

const shop = { vhost: 'shop' }
const definitions = {
  vhosts: [{ name: 'shop' }],
  users: [{ name: 'clerk', password: 'pw', tags: [] }],
  permissions: [{ user: 'clerk', ...shop, configure: '', write: '.*', read: '.*' }],
  queues: [{ ...shop, name: 'orders', durable: true, auto_delete: false, arguments: {} }],
}

async function served(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'homing-definitions-'))
  const definitionsFile = join(folder, 'definitions.json')
  writeFileSync(definitionsFile, text)
  try {
    return await testServer({ definitionsFile })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('what a file defines is there when the first client connects', async () => {
  await using server = await served(JSON.stringify(definitions))
  const login = { user: 'clerk', password: 'pw', vhost: 'shop' }
  using client = await SocketClient.open({ port: server.port }, login)
  client.send(1, { name: 'channel.open' })
  client.consume(1, 'orders').flush()
  await client.expect('channel.open-ok')
  await client.expect('basic.consume-ok')
})

test('a file that cannot be taken in ends the start, and names what is wrong', async () => {
  await assert.rejects(served('{"users":'), { code: 'bad-config', message: /definitions\.json/ })
  const unknown = {
    ...definitions,
    permissions: [{ ...definitions.permissions[0], user: 'nobody' }],
  }
  await assert.rejects(served(JSON.stringify(unknown)), { code: 'bad-config', message: /nobody/ })
})
