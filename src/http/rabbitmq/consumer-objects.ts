/*
 * Consumers as RabbitMQ's API shows them: those of connections, and those of the library within this
 * process.
 */

import type { ConsumerFacts } from '../../amqp/channel-facts.ts'
import type { ConnectionFacts } from '../../amqp/connection-facts.ts'
import type { Subscriber } from '../../embedded/live-queue.ts'
import { baseName, virtualHostOf } from '../../scoped-name.ts'
import type { Caller } from '../caller.ts'
import type { ChannelDetails, ConsumerObject } from '../shapes/consumer.ts'
import { jsonFromTable } from './json-table.ts'
import type { Showing } from './showing.ts'
import { visibilityOf } from './visibility.ts'

export interface ConsumersAsked {
  readonly vhost?: string | undefined
  readonly queue?: string | undefined
}

/** Those of the queues that the caller may see. */
export function consumersOf(
  showing: Showing,
  caller: Caller,
  asked: ConsumersAsked = {},
): readonly ConsumerObject[] {
  const hosts = new Set(showing.views(caller, asked.vhost).map(([name]) => name))
  const visible = rememberingVisibility(caller)
  const sees: Sees = (vhost, queue) =>
    hosts.has(vhost) &&
    (asked.queue === undefined || asked.queue === queue) &&
    visible(vhost, queue)
  return [...clientConsumers(showing, sees), ...libraryConsumers(showing, sees)]
}

/** Of the channel of a connection. */
export function channelConsumers(
  showing: Showing,
  connection: ConnectionFacts,
  number: number,
): readonly ConsumerObject[] {
  const channel = connection.channels.find((one) => one.number === number)
  const details = channelDetails(showing, connection, number)
  return (channel?.consumerFacts ?? []).map((consumer) =>
    consumerObject(showing, consumer, connection, details),
  )
}

type Sees = (vhost: string, queue: string) => boolean

function clientConsumers(showing: Showing, sees: Sees): readonly ConsumerObject[] {
  return showing.site.server.connections().flatMap((connection) =>
    connection.channels.flatMap(({ number, consumerFacts }) => {
      const details = channelDetails(showing, connection, number)
      return consumerFacts
        .filter(({ queue }) => sees(connection.virtualHost ?? '', queue))
        .map((consumer) => consumerObject(showing, consumer, connection, details))
    }),
  )
}

export const channelDetails = (
  { node }: Showing,
  { name, peer, user }: ConnectionFacts,
  number: number,
): ChannelDetails => ({
  name: `${name} (${number})`,
  connection_name: name,
  node,
  number,
  peer_host: peer.address,
  peer_port: peer.port,
  user,
})

function consumerObject(
  showing: Showing,
  consumer: ConsumerFacts,
  { user, virtualHost: vhost = '' }: ConnectionFacts,
  channel: ChannelDetails,
): ConsumerObject {
  const { queue, consumerTag, args } = consumer
  const active = showing.host(vhost)?.view.queue(queue)?.singleActiveConsumer
  const isActive = active === undefined || active === consumerTag
  const isSingle = active !== undefined && isActive
  return {
    queue: { name: queue, vhost },
    consumer_tag: consumerTag,
    channel_details: channel,
    ack_required: !consumer.noAck,
    exclusive: consumer.exclusive,
    prefetch_count: consumer.prefetch,
    active: isActive,
    activity_status: isSingle ? 'single_active' : isActive ? 'up' : 'waiting',
    arguments: jsonFromTable(args),
    homing: {
      unacknowledged: consumer.unacknowledged,
      priority: Number(args.get('x-priority') ?? 0),
      user,
    },
  }
}

/** What subscribes to the engine and is nobody's channel: the library here, and those who joined. */
function libraryConsumers({ site }: Showing, sees: Sees): readonly ConsumerObject[] {
  return [...site.engine.door.queues()].flatMap(({ queue, subscribers }) => {
    const own = subscribers.filter(isLibrarys)
    if (own.length === 0) return []
    const [vhost, name] = [virtualHostOf(queue.name), baseName(queue.name)]
    if (!sees(vhost, name)) return []
    return own.map((subscriber) => libraryConsumer(vhost, name, subscriber))
  })
}

/** Consumers of channels name their queue as clients do. */
const isLibrarys = ({ handler }: Subscriber): boolean => !('hostQueue' in handler)

const libraryConsumer = (
  vhost: string,
  queue: string,
  { options, held, noAck, priority, stopped }: Subscriber,
): ConsumerObject => ({
  queue: { name: queue, vhost },
  consumer_tag: options.consumerName ?? '',
  channel_details: {},
  ack_required: !noAck,
  exclusive: false,
  prefetch_count: Number.isFinite(options.prefetch) ? options.prefetch : 0,
  active: !stopped,
  activity_status: stopped ? 'waiting' : 'up',
  arguments: {},
  homing: { unacknowledged: held.size, priority, user: null },
})

function rememberingVisibility(caller: Caller): Sees {
  const known = new Map<string, ReturnType<typeof visibilityOf>>()
  return (vhost, queue) => {
    const visibility = known.get(vhost) ?? visibilityOf(caller, vhost)
    known.set(vhost, visibility)
    return visibility.sees(queue)
  }
}
