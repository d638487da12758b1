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
