/*
 * Health checks, in RabbitMQ's shapes: 200 and `ok`, or 503 and `failed` with why.
 */

import { z } from 'zod'
import { HomingError } from '../../errors.ts'
import { PlainMessage } from '../../message/plain-message.ts'
import type { Call } from '../call.ts'
import { type Answer, type Route, route } from '../route.ts'
import { channelOf, hostOf } from './answers.ts'
import { propertyBytes } from './message-properties.ts'
import { alarmsOf, listenersOf } from './overview-objects.ts'
import { showingOf } from './showing.ts'

const tag = 'Health'
const okShape = z.looseObject({ status: z.literal('ok') })
const failedShape = z.looseObject({ status: z.literal('failed'), reason: z.string() })
const answers = {
  200: { description: 'Well.', schema: okShape },
  503: { description: 'Not well.', schema: failedShape },
}

const ok = (facts: object = {}): Answer => ({ json: { status: 'ok', ...facts } })
const failed = (reason: string, facts: object = {}): Answer => ({
  status: 503,
  json: { status: 'failed', reason, ...facts },
})

interface Check {
  readonly path: string
  readonly summary: string
  check(call: Call): Answer
}

const checkRoute = ({ path, summary, check }: Check): Route =>
  route({
    method: 'get',
    path: `/api/health/checks/${path}`,
    summary,
    tag,
    access: 'management',
    answers,
    handle: check,
  })

function alarms({ site }: Call): Answer {
  const { blockedFor } = site.server
  if (blockedFor === undefined) return ok()
  const showing = showingOf(site)
  const { mem_alarm, disk_free_alarm } = alarmsOf(showing)
  const resources = [...(mem_alarm ? ['memory'] : []), ...(disk_free_alarm ? ['disk'] : [])]
  return failed('There are alarms in effect', {
    alarms: resources.map((resource) => ({ node: showing.node, resource })),
  })
}

function portListener(call: Call): Answer {
  const text = call.param('port')
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text)) throw new HomingError('bad-argument', 'a port is a number')
  const ports = listenersOf(showingOf(call.site)).map((listener) => listener.port)
  return ports.includes(port)
    ? ok({ port })
    : failed('No active listener', { missing: port, ports })
}

/** As people and tools write them. */
const protocolNames: ReadonlyMap<string, string> = new Map([
  ['amqp091', 'amqp'],
  ['amqp0.9.1', 'amqp'],
  ['amqp-0-9-1', 'amqp'],
  ['amqps', 'amqp/ssl'],
  ['amqp-tls', 'amqp/ssl'],
])

function protocolListener(call: Call): Answer {
  const asked = call.param('protocol').toLowerCase()
  const protocol = protocolNames.get(asked) ?? asked
  const protocols = [
    ...new Set(listenersOf(showingOf(call.site)).map((listener) => listener.protocol as string)),
  ]
  return protocols.includes(protocol)
    ? ok({ protocol })
    : failed('No active listener', { missing: asked, protocols })
}

function virtualHosts({ site }: Call): Answer {
  const all = [...site.definitions.state.vhosts.keys()]
  const down = all.filter((name) => site.hosts.find(name) === undefined)
  return down.length === 0 ? ok() : failed('Some virtual hosts are down', { 'virtual-hosts': down })
}

const isServing = ({ site }: Call): Answer =>
  site.server.isStopping ? failed('this node is being drained') : ok()

const secondsOf: ReadonlyMap<string, number> = new Map([
  ['days', 86_400],
  ['weeks', 7 * 86_400],
  ['months', 30 * 86_400],
  ['years', 365 * 86_400],
])

function certificateExpiration(call: Call): Answer {
  const within = Number(call.param('within'))
  const seconds = secondsOf.get(call.param('unit'))
  if (!Number.isSafeInteger(within) || within < 0 || seconds === undefined) {
    throw new HomingError(
      'bad-argument',
      `the time is a number and one of ${[...secondsOf.keys()].join(', ')}`,
    )
  }
  const beforeMs = Date.now() + within * seconds * 1_000
  const expired = call.site.server
    .certificates()
    .filter(({ validUntilMs }) => validUntilMs < beforeMs)
  if (expired.length === 0) return ok()
  return failed('Certificates expiring', {
    expired: expired.map(({ url, validUntilMs }) => ({
      listener: url,
      cert_expires_on: new Date(validUntilMs).toISOString(),
    })),
  })
}

const checks: readonly Check[] = [
  { path: 'alarms', summary: 'Check that publishers are not blocked', check: alarms },
  { path: 'local-alarms', summary: 'The same, for this node', check: alarms },
  { path: 'port-listener/{port}', summary: 'Check that a port is open', check: portListener },
  {
    path: 'protocol-listener/{protocol}',
    summary: 'Check that a protocol is served: amqp, amqps, http, https',
    check: protocolListener,
  },
  { path: 'virtual-hosts', summary: 'Check that all virtual hosts run', check: virtualHosts },
  {
    path: 'certificate-expiration/{within}/{unit}',
    summary: 'Check that no certificate of a port expires within that time',
    check: certificateExpiration,
  },
  {
    path: 'node-is-quorum-critical',
    summary: 'Always well: there is one node',
    check: () => ok({ reason: 'single node cluster' }),
  },
  {
    path: 'node-is-mirror-sync-critical',
    summary: 'Always well: there is one node',
    check: () => ok({ reason: 'single node cluster' }),
  },
  { path: 'is-in-service', summary: 'Check that clients are taken', check: isServing },
  { path: 'ready-to-serve-clients', summary: 'Check that clients are taken', check: isServing },
]

const aliveQueue = 'aliveness-test'

/** Declares, publishes and takes, with the rights of the caller. */
const alivenessRoute = route({
  method: 'get',
  path: '/api/aliveness-test/{vhost}',
  summary: `Check that a message goes through the queue ${aliveQueue}, which is made for it`,
  tag,
  access: 'management',
  answers,
  async handle(call) {
    const vhost = call.param('vhost')
    if (!call.caller.mayEnter(vhost)) {
      throw new HomingError(
        'access-refused',
        `user "${call.caller.user}" may not enter virtual host "${vhost}"`,
      )
    }
    if (call.site.settings.readOnly === true) {
      throw new HomingError('read-only', 'this check sends a message, which read-only mode forbids')
    }
    const [host, channel] = [hostOf(call), channelOf(call)]
    const declared = { durable: true, exclusive: false, autoDelete: false, args: new Map() }
    await host.declareQueue(channel, { name: aliveQueue, ...declared })
    const body = new TextEncoder().encode('test_message')
    await host.publish(channel, new PlainMessage('', aliveQueue, propertyBytes({}), body))
    const got = await host.get(channel, aliveQueue, true)
    return got === undefined ? failed('the message did not come back') : ok()
  },
})

export const healthCheckRoutes: readonly Route[] = [...checks.map(checkRoute), alivenessRoute]
