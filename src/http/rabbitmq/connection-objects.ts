/*
 * Connections and channels as RabbitMQ's API shows them: all for monitoring, else those of the user.
 */

import type { ChannelFacts } from '../../amqp/channel-facts.ts'
import type { ConnectionFacts } from '../../amqp/connection-facts.ts'
import type { Caller } from '../caller.ts'
import type { ChannelObject, ConnectionObject } from '../shapes/connection.ts'
import { channelDetails } from './consumer-objects.ts'
import { jsonFromTable } from './json-table.ts'
import type { Counts, RateOf } from './rates.ts'
import type { Showing } from './showing.ts'

/** Those that the caller may see. */
export function connectionsSeen(
  { site }: Showing,
  caller: Caller,
  vhost?: string,
): readonly ConnectionFacts[] {
  const seesAll = caller.has('monitoring')
  return site.server
    .connections()
    .filter(({ state }) => state !== 'over')
    .filter(({ user }) => seesAll || user === caller.user)
    .filter(({ virtualHost }) => vhost === undefined || virtualHost === vhost)
}

export function connectionSeen(
  showing: Showing,
  caller: Caller,
  name: string,
): ConnectionFacts | undefined {
  return connectionsSeen(showing, caller).find((connection) => connection.name === name)
}

export function connectionRates(showing: Showing): RateOf {
  const counts = new Map<string, Counts>()
  for (const { name, receivedBytes, sentBytes, channels } of showing.site.server.connections()) {
    counts.set(name, { received: receivedBytes, sent: sentBytes })
    for (const { number, published } of channels) counts.set(`${name} (${number})`, { published })
  }
  return showing.connectionRates.look(counts)
}

export const connectionObject = (
  { node }: Showing,
  connection: ConnectionFacts,
  rate: RateOf,
): ConnectionObject => ({
  name: connection.name,
  ...(connection.givenName !== '' && { user_provided_name: connection.givenName }),
  user: connection.user,
  vhost: connection.virtualHost ?? '',
  node,
  type: 'network',
  protocol: 'AMQP 0-9-1',
  state: stateOf(connection),
  host: connection.peer.localAddress,
  port: connection.peer.localPort,
  peer_host: connection.peer.address,
  peer_port: connection.peer.port,
  ssl: connection.peer.tls,
  auth_mechanism: connection.peer.certificateUser === undefined ? 'PLAIN' : 'EXTERNAL',
  channels: connection.channels.length,
  channel_max: connection.channelMax,
  frame_max: connection.frameMax,
  timeout: connection.heartbeat,
  connected_at: connection.connectedAtMs,
  recv_oct: connection.receivedBytes,
  recv_oct_details: rate(connection.name, 'received'),
  send_oct: connection.sentBytes,
  send_oct_details: rate(connection.name, 'sent'),
  send_pend: connection.waitingBytes,
  client_properties: jsonFromTable(connection.clientProperties),
  homing: { warnings: Object.fromEntries(connection.warnings) },
})

function stateOf({ state, isBlocked }: ConnectionFacts): ConnectionObject['state'] {
  switch (state) {
    case 'handshake':
      return 'starting'
    case 'running':
      return isBlocked ? 'blocked' : 'running'
    case 'closing':
      return 'closing'
    default:
      return 'closed'
  }
}

export function channelObjects(
  showing: Showing,
  connections: readonly ConnectionFacts[],
): readonly ChannelObject[] {
  const rate = connectionRates(showing)
  return connections.flatMap((connection) =>
    connection.channels.map((channel) => channelObject(showing, connection, { channel, rate })),
  )
}

export function channelObject(
  showing: Showing,
  connection: ConnectionFacts,
  { channel, rate }: { readonly channel: ChannelFacts; readonly rate: RateOf },
): ChannelObject {
  const { name, node, number, user, peer_host, peer_port } = channelDetails(
    showing,
    connection,
    channel.number,
  )
  return {
    name,
    number,
    connection_details: { name: connection.name, peer_host, peer_port },
    user,
    vhost: connection.virtualHost ?? '',
    node,
    state: channel.state === 'open' ? 'running' : 'closing',
    consumer_count: channel.consumers,
    messages_unacknowledged: channel.unacknowledged,
    messages_unconfirmed: channel.unconfirmed,
    messages_uncommitted: 0,
    acks_uncommitted: 0,
    prefetch_count: channel.prefetch,
    global_prefetch_count: channel.sharedPrefetch,
    confirm: channel.isConfirming,
    transactional: channel.isTransactional,
    message_stats: { publish: channel.published, publish_details: rate(name, 'published') },
  }
}
