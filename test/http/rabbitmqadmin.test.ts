/*
 * The tool that RabbitMQ ships, as it is, against Homing.
 */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { connect } from 'amqplib'
import { type HttpTestServer, httpTestServer } from './http-server.ts'

const script = '/usr/bin/rabbitmqadmin'
const skip = !existsSync(script) && 'needs rabbitmqadmin (apt-get install rabbitmq-server)'

let server: HttpTestServer
let folder: string
before(async () => {
  server = await httpTestServer()
  folder = mkdtempSync(join(tmpdir(), 'homing-rabbitmqadmin-'))
})
after(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server[Symbol.asyncDispose]()
})

/** What it prints. Words are split at spaces. */
async function admin(line: string, ...more: readonly string[]): Promise<string> {
  const { port } = new URL(server.url)
  const login = ['-H', '127.0.0.1', '-P', port, '-u', 'admin', '-p', server.adminPassword]
  const { stdout } = await promisify(execFile)('python3', [
    script,
    ...login,
    ...line.split(' '),
    ...more,
  ])
  return stdout
}

async function rows(line: string): Promise<readonly string[]> {
  const printed = await admin(`-f tsv -q ${line}`)
  return printed.split('\n').filter((row) => row !== '')
}

test('rabbitmqadmin declares, lists and deletes what there is to declare', { skip }, async () => {
  await admin('declare vhost name=shop')
  await admin('declare user name=ada password=pw tags=management,policymaker')
  await admin('declare permission vhost=shop user=ada configure=.* write=.* read=.*')
  await admin('declare permission vhost=shop user=admin configure=.* write=.* read=.*')
  await admin('-V shop declare queue name=orders durable=true', 'arguments={"x-max-length":9}')
  await admin('-V shop declare queue name=big queue_type=quorum')
  await admin('-V shop declare exchange name=events type=topic')
  await admin('-V shop declare binding source=events destination=orders routing_key=order.#')
  await admin('-V shop declare policy name=cap pattern=^o', 'definition={"max-length":5}')
  await admin('-V shop declare operator_policy name=op pattern=^o', 'definition={"expires":60000}')
  await admin('declare vhost_limit vhost=shop name=max-queues value=10')
  assert.deepEqual(await rows('-V shop list queues name type'), ['big\tquorum', 'orders\tclassic'])
  assert.match(await admin('-V shop -f kvp list queues name policy'), /name="orders" policy="cap"/)
  assert.ok((await rows('list vhosts name')).includes('shop'))
  assert.ok((await rows('list users name tags')).includes('ada\tmanagement policymaker'))
  assert.deepEqual(await rows('-V shop list bindings source destination routing_key'), [
    '\tbig\tbig',
    '\torders\torders',
    'events\torders\torder.#',
  ])
  assert.equal((await rows('list vhost_limits')).length, 1)
  assert.equal((await rows('list operator_policies')).length, 1)
  assert.match(await admin('show overview'), /3\.10\.8/)
  assert.equal((await rows('list nodes name')).length, 1)
  await admin(
    '-V shop delete binding source=events destination_type=queue destination=orders properties_key=order.%23',
  )
  await admin('-V shop delete policy name=cap')
  await admin('-V shop delete exchange name=events')
  await admin('-V shop delete queue name=orders')
  assert.deepEqual(await rows('-V shop list queues name'), ['big'])
  await admin('delete permission vhost=shop user=ada')
  await admin('delete user name=ada')
  await admin('delete vhost name=shop')
  assert.deepEqual(await rows('list vhosts name'), ['/'])
})

test('rabbitmqadmin publishes, gets and purges', { skip }, async () => {
  await admin('declare queue name=mail')
  assert.match(await admin('publish routing_key=mail payload=hello'), /^Message published\n$/)
  assert.match(await admin('publish routing_key=nobody payload=hello'), /NOT routed/)
  await admin('publish routing_key=mail payload=b2ggbm8= payload_encoding=base64')
  const got = await rows('-f tsv get queue=mail count=5')
  assert.deepEqual(
    got.map((row) => row.split('\t').slice(2, 5)),
    [
      ['1', 'hello', '5'],
      ['0', 'oh no', '5'],
    ],
  )
  await admin('get queue=mail ackmode=ack_requeue_false')
  assert.ok((await rows('list queues name messages')).includes('mail\t1'))
  await admin('purge queue name=mail')
  assert.ok((await rows('list queues name messages')).includes('mail\t0'))
})

test('rabbitmqadmin exports what is declared and imports it into an empty server', {
  skip,
}, async () => {
  const path = join(folder, 'definitions.json')
  await admin('declare queue name=kept', 'arguments={"x-message-ttl":1000}')
  await admin('declare user name=bob password=pw tags=monitoring')
  await admin('declare policy name=p pattern=^k', 'definition={"max-length":7}', 'priority=3')
  await admin('export', path)
  assert.doesNotMatch(readFileSync(path, 'utf8'), new RegExp(server.adminPassword))
  for (const gone of ['queue name=kept', 'user name=bob', 'policy name=p'])
    await admin(`delete ${gone}`)
  await admin('import', path)
  assert.match(await admin('-f kvp list queues name policy'), /name="kept" policy="p"/)
  const asBob = await server.as('bob')('GET', '/api/whoami')
  assert.deepEqual(asBob.json, { name: 'bob', tags: ['monitoring'] })
})

test('rabbitmqadmin closes a connection, and says to its client why', { skip }, async () => {
  const url = `amqp://admin:${server.adminPassword}@127.0.0.1:${server.port}`
  const client = await connect(url, { clientProperties: { connection_name: 'mine' } })
  const closed = new Promise<Error>((resolve) => client.once('close', resolve))
  const [row = ''] = await rows('list connections name user_provided_name user')
  const [name = '', given, user] = row.split('\t')
  assert.deepEqual([given, user], ['mine', 'admin'])
  await admin('close connection', `name=${name}`)
  assert.match((await closed).message, /CONNECTION_FORCED.*Closed via management/)
  assert.deepEqual(await rows('list connections name'), [])
})

test('rabbitmqadmin tells what was refused', { skip }, async () => {
  await admin('declare queue name=other')
  const wrong = admin('declare queue name=other', 'arguments={"x-max-length":1}')
  await assert.rejects(wrong, /inequivalent arg 'x-max-length' for queue 'other'/)
  await assert.rejects(admin('delete queue name=none'), /Not found/)
})
