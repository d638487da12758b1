import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Method } from '../../src/amqp/protocol/methods.ts'
import { SocketClient } from '../amqp/server/socket-client.ts'
import { HomingFolder, type HomingProcess, jsonLines, shows } from './homing-command.ts'

interface Told {
  readonly listening: readonly { readonly port: number }[]
}

async function serving(folder: HomingFolder) {
  const child = folder.start(['serve', '--json', '--no-http', '--amqp-port', '0'])
  const [told] = jsonLines<Told>(await shows(child.stdout, /\n/))
  return { child, port: told?.listening[0]?.port ?? 0 }
}

async function stop(child: HomingProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGTERM')
  await gone
}

/** A folder whose server was started once. */
async function served(): Promise<HomingFolder> {
  const folder = new HomingFolder()
  await stop((await serving(folder)).child)
  return folder
}

const closeText = (method: Method | undefined): string =>
  method?.name === 'channel.close' || method?.name === 'connection.close'
    ? `${method.replyCode} ${method.replyText}`
    : `${method?.name}`

test('policies are set, listed and deleted while the server is stopped, and are in force then', async () => {
  using folder = await served()
  assert.equal(await folder.ok(['policy', 'set', 'short', '^log', '{"max-length": 1}']), '')
  await folder.ok(['policy', 'set', 'gone', '', '{"expires": 5}', '--priority', '-2'])
  await folder.ok(['policy', 'delete', 'gone'])
  const operator = ['--operator', '--apply-to', 'classic_queues', '--json']
  assert.deepEqual(
    JSON.parse(await folder.ok(['policy', 'set', 'cap', 'l', '{"max-length":9}', ...operator])),
    { set: 'cap', vhost: '/', operator: true },
  )
  const rows = await folder.json(['policy', 'list'])
  assert.deepEqual(rows[0], {
    ...{ vhost: '/', name: 'short', operator: false, pattern: '^log', applyTo: 'all', priority: 0 },
    definition: { 'max-length': 1 },
  })
  assert.match(await folder.ok(['policy', 'list']), /cap +operator +l +classic_queues +0 +\{"max/)
  const { child, port } = await serving(folder)
  using client = await SocketClient.open({ port })
  await client.queue(1, 'logs', true)
  await client.confirms(1)
  for (const body of ['one', 'two']) client.publish(1, 'logs', Buffer.from(body))
  client.flush()
  await client.expect('basic.ack')
  client.declare(1, 'logs', true).flush()
  let heard = await client.next()
  while (heard?.method.name === 'basic.ack') heard = await client.next()
  assert.ok(heard?.method.name === 'queue.declare-ok' && heard.method.messageCount === 1)
  await stop(child)
})

test('limits of users and virtual hosts are set while the server is stopped, and are kept then', async () => {
  using folder = await served()
  await folder.ok(['vhost', 'limits', '/', '--queues-max', '1', '--connections-max', '7'])
  await folder.ok(['vhost', 'limits', '/', '--connections-max', 'none'])
  await folder.ok(['user', 'limits', 'guest', '--connections-max', '1', '--channels-max', '2'])
  assert.equal(await folder.ok(['vhost', 'limits', '/']), 'connectionsMax none\nqueuesMax 1\n')
  assert.deepEqual(await folder.json(['user', 'limits', 'guest']), [
    { name: 'guest', connectionsMax: 1, channelsMax: 2 },
  ])
  const { child, port } = await serving(folder)
  using client = await SocketClient.open({ port })
  await assert.rejects(SocketClient.open({ port }), /530 .*user connection limit \(1\) is reached/)
  await client.queue(1, 'a', true)
  await client.queue(2, 'a', true)
  client.declare(1, 'b', true).flush()
  assert.match(closeText((await client.next())?.method), /^406 .*queue limit in vhost '\/' \(1\)/)
  client.send(1, { name: 'channel.close-ok' }).send(3, { name: 'channel.open' })
  client.send(4, { name: 'channel.open' }).flush()
  await client.expect('channel.open-ok')
  assert.match(
    closeText((await client.next())?.method),
    /^530 .*maximum allowed user limit of \(2\)/,
  )
  await stop(child)
})

test('what is wrong with a policy or a limit is told with its reason, and changes nothing', async () => {
  using folder = await served()
  const set = (...more: readonly string[]) => ['policy', 'set', 'p', ...more]
  const right = '{"max-length": 1}'
  const cases: readonly (readonly [number, RegExp, readonly string[]])[] = [
    [2, /the pattern is no regular expression/, set('(', right)],
    [2, /the definition is no JSON \(.*\); give an object such as/, set('', 'max-length=1')],
    [2, /the definition is no object/, set('', '5')],
    [2, /'max-lenght' is not supported; did you mean 'max-length'\?/, set('', '{"max-lenght":1}')],
    [2, /'max-length' must be a whole number/, set('', '{"max-length":"1"}')],
    [2, /'ha-mode' is not supported: there are no mirrored queues/, set('', '{"ha-mode":"all"}')],
    [2, /give one of all, queues/, set('', right, '--apply-to', 'queue')],
    [2, /Give a whole number;/, set('', right, '--priority', 'high')],
    [2, /cannot be set by an operator/, set('', '{"alternate-exchange":"x"}', '--operator')],
    [3, /there is no virtual host "x"/, set('', right, '--vhost', 'x')],
    [3, /there is no policy "p" in virtual host "\/"/, ['policy', 'delete', 'p']],
    [3, /there is no operator policy "p"/, ['policy', 'delete', 'p', '--operator']],
    [3, /there is no virtual host "x"/, ['policy', 'list', '--vhost', 'x']],
    [2, /Give a whole number from 0 .*, or none/, ['vhost', 'limits', '/', '--queues-max', '-1']],
    [2, /did you mean --queues-max/i, ['vhost', 'limits', '/', '--queue-max', '1']],
    [3, /there is no user "nobody"/, ['user', 'limits', 'nobody', '--channels-max', '1']],
    [3, /there is no virtual host "x"/, ['vhost', 'limits', 'x']],
  ]
  for (const [code, says, words] of cases) {
    const ran = await folder.run(words)
    assert.equal(ran.code, code, `${words.join(' ')}: ${ran.err}`)
    assert.match(ran.err, says)
    assert.doesNotMatch(ran.err, / at .*:\d+/)
  }
  assert.deepEqual(await folder.json(['policy', 'list']), [])
})
