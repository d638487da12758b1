import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Home } from '../../src/client/home.ts'
import { queue } from '../../src/index.ts'
import { type MetricRow, metrics } from '../../src/server/metric-names.ts'
import { makeCertificates } from '../amqp/server/certificates.ts'
import { httpTestServer } from './http-server.ts'

/** Values by name and labels. */
function read(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), Number(line.slice(at + 1))] as const
    }),
  )
}

test('every metric of the table is told, with its type, and counts what happened', async () => {
  using certificates = makeCertificates()
  const tls = certificates.server
  await using server = await httpTestServer(
    { metrics: { access: 'users' } },
    {
      listen: [
        { host: '127.0.0.1', port: 0 },
        { host: '127.0.0.1', port: 0, tls },
      ],
    },
  )
  await using home = new Home(server.server.engine)
  const work = queue('work', { retry: { attempts: 1 } })
  home.consume(work, ({ input }) => {
    if (input === 'bad') throw new Error('no')
    return 'done'
  })
  await home.call(work, 'good')
  await assert.rejects(home.call(work, 'bad'))
  await home.send(queue('idle'), 'waits')
  const { status, text, headers } = await server.api('GET', '/metrics')
  assert.equal(status, 200)
  assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  for (const [name, { type }] of Object.entries<MetricRow>(metrics)) {
    assert.ok(text.includes(`# TYPE ${name} ${type}\n`), name)
  }
  const values = read(text)
  const expected: Readonly<Record<string, number>> = {
    rabbitmq_queues: 2,
    rabbitmq_queue_messages_ready: 1,
    rabbitmq_global_messages_received_total: 3,
    'homing_outcomes_total{code="ok"}': 1,
    'homing_outcomes_total{code="thrown"}': 1,
    'homing_round_trip_seconds_bucket{le="+Inf"}': 2,
    homing_round_trip_seconds_count: 2,
  }
  for (const [name, value] of Object.entries(expected)) assert.equal(values.get(name), value, name)
  assert.ok((values.get('rabbitmq_process_resident_memory_bytes') ?? 0) > 1e7)
  const names = text.split('\n').filter((line) => line.startsWith('# TYPE'))
  assert.equal(new Set(names).size, names.length, 'each name stands once')
  // The ledger is asked for its dead letters once a second at most.
  const deadLetters = async (): Promise<number | undefined> =>
    read((await server.api('GET', '/metrics')).text).get('homing_queue_dead_letters')
  while ((await deadLetters()) !== 1) await new Promise((resolve) => setTimeout(resolve, 50))
})

test('queues are told one by one, with their virtual host, and what is odd in a name is escaped', async () => {
  await using server = await httpTestServer({ metrics: { access: 'users' } })
  await server.server.engine.declareQueue('a "b" \\ c', {})
  await server.server.engine.declareQueue('shop\u001forders', {})
  const { text } = await server.api('GET', '/metrics/per-object')
  assert.match(text, /^rabbitmq_queue_messages_ready\{vhost="shop",queue="orders"\} 0$/m)
  assert.ok(text.includes('{vhost="/",queue="a \\"b\\" \\\\ c"} 0\n'))
  const detailed = await server.api('GET', '/metrics/detailed')
  assert.match(
    detailed.text,
    /^rabbitmq_detailed_queue_messages_ready\{vhost="shop",queue="orders"\} 0$/m,
  )
  assert.doesNotMatch(detailed.text, /^rabbitmq_queue_/m)
})

test('metrics are for those whom the setting lets read them', async () => {
  const status = async (access: 'users' | 'local' | 'everyone' | undefined, tags?: string[]) => {
    await using server = await httpTestServer(access === undefined ? {} : { metrics: { access } })
    const client = tags === undefined ? server.as('') : await server.addUser('ann', tags)
    return (await client('GET', '/metrics')).status
  }
  assert.equal(await status('users'), 401)
  assert.equal(await status('users', []), 403)
  assert.equal(await status('users', ['management']), 403)
  assert.equal(await status('users', ['monitoring']), 200)
  assert.equal(await status('local'), 200)
  assert.equal(await status('everyone'), 200)
  assert.equal(await status(undefined, ['administrator']), 404)
})
