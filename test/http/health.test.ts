import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from 'amqplib'
import { makeCertificates } from '../amqp/server/certificates.ts'
import { httpTestServer } from './http-server.ts'

const check = (name: string): string => `/api/health/checks/${name}`

test('ports and protocols that are served are well, others are not', async () => {
  await using server = await httpTestServer()
  const { port } = new URL(server.url)
  for (const name of [
    `port-listener/${server.port}`,
    `port-listener/${port}`,
    'protocol-listener/amqp',
    'protocol-listener/http',
    'virtual-hosts',
    'is-in-service',
  ])
    assert.equal((await server.api('GET', check(name))).status, 200, name)
  const missing = await server.api('GET', check('protocol-listener/mqtt'))
  assert.equal(missing.status, 503)
  assert.deepEqual(missing.json, {
    status: 'failed',
    reason: 'No active listener',
    missing: 'mqtt',
    protocols: ['amqp', 'http'],
  })
  assert.equal((await server.api('GET', check('port-listener/x'))).status, 400)
})

test('an alarm fails its check, and says what is short', async () => {
  await using server = await httpTestServer({ memoryBytesMax: 1 })
  const client = await connect(`amqp://admin:${server.adminPassword}@127.0.0.1:${server.port}`)
  await new Promise((resolve) => {
    if (server.server.blockedFor !== undefined) resolve(undefined)
    else client.once('blocked', resolve)
  })
  for (const name of ['alarms', 'local-alarms']) {
    const { status, json } = await server.api('GET', check(name))
    assert.equal(status, 503)
    const { alarms } = json as { readonly alarms: readonly { readonly resource: string }[] }
    assert.deepEqual(
      alarms.map(({ resource }) => resource),
      ['memory'],
    )
  }
  const nodes = await server.api('GET', '/api/nodes?columns=mem_alarm,disk_free_alarm')
  assert.deepEqual(nodes.json, [{ mem_alarm: true, disk_free_alarm: false }])
  await client.close()
})

test('the node says what it uses of the machine and how much it may, as the metrics do', async () => {
  const marks = { memoryBytesMax: 2 ** 45, diskFreeBytesMin: 1_000 }
  await using server = await httpTestServer({ ...marks, metrics: { access: 'users' } })
  const nodeNow = async (): Promise<Readonly<Record<string, number>>> =>
    ((await server.api('GET', '/api/nodes')).json as Readonly<Record<string, number>>[])[0] ?? {}
  const node = await nodeNow()
  assert.deepEqual([node.mem_limit, node.disk_free_limit], [2 ** 45, 1_000])
  const metrics = (await server.api('GET', '/metrics')).text
  const metric = (name: string): number =>
    Number(new RegExp(`^${name} (\\S+)`, 'm').exec(metrics)?.[1])
  const isNear = (told = 0, name = ''): boolean =>
    told > metric(name) / 2 && told < metric(name) * 2
  assert.ok(isNear(node.mem_used, 'rabbitmq_process_resident_memory_bytes'))
  assert.ok(isNear(node.disk_free, 'rabbitmq_disk_space_available_bytes'))
  assert.equal(metric('rabbitmq_process_max_fds'), node.fd_total ?? Number.NaN)
  await server.server.reload({ guest: true, ...marks, memoryBytesMax: 2 ** 46 })
  assert.equal((await nodeNow()).mem_limit, 2 ** 46)
})

test('a certificate that expires soon fails its check', async () => {
  using certificates = makeCertificates()
  const listen = [{ host: '127.0.0.1', port: 0, tls: certificates.server }]
  await using server = await httpTestServer({ listen })
  assert.equal((await server.api('GET', check('certificate-expiration/1/days'))).status, 200)
  const soon = await server.api('GET', check('certificate-expiration/1/weeks'))
  assert.equal(soon.status, 503)
  assert.match(soon.text, /"listener":"amqps:\/\/127\.0\.0\.1:\d+"/)
  assert.equal((await server.api('GET', check('certificate-expiration/1/moons'))).status, 400)
})
