/*
 * The server as RabbitMQ's API shows it: overview and the one node.
 */

import { availableParallelism, hostname } from 'node:os'
import { pid } from 'node:process'
import type { Resources } from '../../server/resources.ts'
import type { Caller } from '../caller.ts'
import type { NodeObject, Overview } from '../shapes/overview.ts'
import { connectionsSeen } from './connection-objects.ts'
import { queueCounts } from './queue-objects.ts'
import { totalsOf } from './queue-totals.ts'
import type { Showing } from './showing.ts'
import { visibilityOf } from './visibility.ts'

/** The RabbitMQ whose behaviour clients may expect: what transcripts compare with. */
export const rabbitmqVersion = '3.10.8'

const typesOfExchanges = [
  ['direct', 'by the routing key'],
  ['fanout', 'to all that is bound'],
  ['headers', 'by headers'],
  ['topic', 'by patterns of the routing key'],
  ['x-delayed-message', 'as its argument x-delayed-type says, later'],
] as const

const exchangeTypes = typesOfExchanges.map(([name, description]) => ({
  name,
  description,
  enabled: true,
}))

export async function overviewOf(
  showing: Showing,
  caller: Caller,
  isPlain: boolean,
): Promise<Overview> {
  const { site, node } = showing
  const counts = queueCounts(showing)
  const views = showing.views(caller)
  const queues = views.flatMap(([vhost, view]) => {
    const visibility = visibilityOf(caller, vhost)
    return view.queues().filter(({ name }) => visibility.sees(name))
  })
  const totals = totalsOf(
    queues.map(({ engineName }) => engineName),
    counts,
  )
  const connections = connectionsSeen(showing, caller)
  const { product, version } = site.server
  return {
    management_version: rabbitmqVersion,
    rabbitmq_version: rabbitmqVersion,
    product_name: product,
    product_version: version,
    cluster_name: hostname(),
    node,
    rates_mode: 'basic',
    disable_stats: isPlain,
    enable_queue_totals: false,
    exchange_types: exchangeTypes,
    ...(!isPlain && { message_stats: totals.messageStats, queue_totals: totals.queueTotals }),
    object_totals: {
      channels: connections.reduce((total, { channels }) => total + channels.length, 0),
      connections: connections.length,
      consumers: totals.consumers,
      exchanges: views.reduce((total, [, view]) => total + view.exchanges().length, 0),
      queues: queues.length,
    },
    listeners: [...listenersOf(showing)],
    contexts: contextsOf(showing),
    homing: {
      version,
      started_at: site.server.startedAtMs,
      blocked_for: site.server.blockedFor ?? null,
      stopping: site.server.isStopping,
      read_only: site.settings.readOnly ?? false,
      not_home: totals.queueTotals.messages + totals.delayed,
      delayed: totals.delayed,
      dead: totals.dead,
      paused_queues: totals.paused,
    },
  }
}

const protocols: ReadonlyMap<string, Overview['listeners'][number]['protocol']> = new Map([
  ['amqp:', 'amqp'],
  ['amqps:', 'amqp/ssl'],
  ['http:', 'http'],
  ['https:', 'https'],
] as const)

/** URLs leave them out. */
const portsLeftOut = { amqp: 5672, 'amqp/ssl': 5671, http: 80, https: 443 } as const

/** Ports, not sockets of the file system. */
export function listenersOf({ site, node }: Showing): Overview['listeners'] {
  return site.server.listening.flatMap((url) => {
    const { protocol: scheme, hostname: ip, port } = new URL(url)
    const protocol = protocols.get(scheme)
    if (protocol === undefined || ip === '') return []
    const ip_address = ip.replace(/^\[|\]$/g, '')
    return [{ node, protocol, ip_address, port: Number(port) || portsLeftOut[protocol] }]
  })
}

const contextsOf = (showing: Showing): Overview['contexts'] =>
  listenersOf(showing)
    .filter(({ protocol }) => protocol.startsWith('http'))
    .map(({ node, ip_address, port }) => ({
      node,
      description: 'Homing',
      path: '/',
      ip: ip_address,
      port: String(port),
    }))

/** Why publishers are blocked, in RabbitMQ's members. */
export const alarmsOf = ({ site }: Showing): Pick<NodeObject, 'mem_alarm' | 'disk_free_alarm'> => ({
  mem_alarm: /memory/i.test(site.server.blockedFor ?? ''),
  disk_free_alarm: /disk/i.test(site.server.blockedFor ?? ''),
})

type ResourceMember =
  | ('mem_used' | 'mem_limit')
  | ('disk_free' | 'disk_free_limit')
  | ('fd_used' | 'fd_total')

/** What cannot be known is left out. */
const resourcesOf = (resources: Resources): Pick<NodeObject, ResourceMember> => ({
  mem_used: resources.residentBytes,
  mem_limit: resources.memoryBytesMax,
  disk_free: resources.diskFreeBytes,
  disk_free_limit: resources.diskFreeBytesMin,
  fd_used: resources.openFiles,
  fd_total: resources.openFilesMax,
})

export async function nodeOf(showing: Showing): Promise<NodeObject> {
  const { site, node } = showing
  const { product, version, startedAtMs, isStopping } = site.server
  return {
    name: node,
    type: 'disc',
    running: true,
    os_pid: String(pid),
    uptime: Math.max(0, Date.now() - startedAtMs),
    processors: availableParallelism(),
    rates_mode: 'basic',
    ...resourcesOf(await site.server.resources()),
    ...alarmsOf(showing),
    sockets_used: site.server.connections().length,
    partitions: [],
    being_drained: isStopping,
    exchange_types: exchangeTypes,
    auth_mechanisms: ['PLAIN', 'AMQPLAIN', 'EXTERNAL'].map((name) => ({
      name,
      description: `SASL ${name}`,
      enabled: true,
    })),
    applications: [{ name: 'homing', description: product, version }],
    enabled_plugins: [],
    contexts: contextsOf(showing),
  }
}
