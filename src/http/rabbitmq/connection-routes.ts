/*
 * Connections, channels and consumers, in RabbitMQ's shapes. A user closes what is the user's own, an
 * administrator everything.
 */

import { Buffer } from 'node:buffer'
import type { ConnectionFacts } from '../../amqp/connection-facts.ts'
import { HomingError } from '../../errors.ts'
import type { Call } from '../call.ts'
import { type Route, route } from '../route.ts'
import { channelDetailShape, channelShape, connectionShape } from '../shapes/connection.ts'
import { consumerShape } from '../shapes/consumer.ts'
import { listOf } from '../shapes/page.ts'
import { doneAnswers, noContent, unknownThing } from './answers.ts'
import {
  channelObject,
  channelObjects,
  connectionObject,
  connectionRates,
  connectionSeen,
  connectionsSeen,
} from './connection-objects.ts'
import { channelConsumers, consumersOf } from './consumer-objects.ts'
import { columnsQuery, type ListQuery, listed, listQuery, shownObject } from './list-query.ts'
import { showingOf } from './showing.ts'

const connectionAnswers = {
  200: { description: 'The connections.', schema: listOf(connectionShape) },
}
const channelAnswers = { 200: { description: 'The channels.', schema: listOf(channelShape) } }
const consumerAnswers = { 200: { description: 'The consumers.', schema: listOf(consumerShape) } }
const reasonBytesMax = 200

function connectionList({ site, caller, query }: Call<ListQuery>, vhost?: string) {
  const showing = showingOf(site)
  const rate = connectionRates(showing)
  const objects = connectionsSeen(showing, caller, vhost).map((connection) =>
    connectionObject(showing, connection, rate),
  )
  return listed(objects, query, ['vhost', 'name'])
}

function channelList({ site, caller, query }: Call<ListQuery>, vhost?: string) {
  const showing = showingOf(site)
  const connections = connectionsSeen(showing, caller, vhost)
  return listed(channelObjects(showing, connections), query, ['vhost', 'name'])
}

/** That of the path, as far as the caller may see it. */
function connectionOf({ site, caller, param }: Call): ConnectionFacts {
  const name = param('connection')
  const found = connectionSeen(showingOf(site), caller, name)
  if (found === undefined) throw unknownThing(`connection "${name}"`)
  return found
}

function checkMayEnd({ caller }: Call, connection: ConnectionFacts): void {
  if (connection.user === caller.user || caller.has('administrator')) return
  throw new HomingError(
    'access-refused',
    `the connection is of user "${connection.user}"; an administrator can close it`,
  )
}

/** A header is latin-1; texts of replies are short. */
function reasonOf({ headers }: Call): string {
  const given = headers.get('x-reason')?.trim() ?? ''
  const reason = given === '' ? 'Closed via management API' : given.replace(/\p{Cc}/gu, ' ')
  return Buffer.from(reason)
    .subarray(0, reasonBytesMax)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')
}

const connectionRows: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/connections',
    summary: 'List connections',
    tag: 'Connections',
    access: 'management',
    query: listQuery,
    answers: connectionAnswers,
    handle: (call) => connectionList(call),
  }),
  route({
    method: 'get',
    path: '/api/vhosts/{vhost}/connections',
    summary: 'List the connections to a virtual host',
    tag: 'Connections',
    access: 'management',
    query: listQuery,
    answers: connectionAnswers,
    handle: (call) => connectionList(call, call.param('vhost')),
  }),
  route({
    method: 'get',
    path: '/api/connections/{connection}',
    summary: 'Read a connection',
    tag: 'Connections',
    access: 'management',
    query: columnsQuery,
    answers: { 200: { description: 'The connection.', schema: connectionShape.partial() } },
    handle(call) {
      const showing = showingOf(call.site)
      const object = connectionObject(showing, connectionOf(call), connectionRates(showing))
      return shownObject(object, call.query)
    },
  }),
  route({
    method: 'delete',
    path: '/api/connections/{connection}',
    summary: 'Close a connection; the header X-Reason is told to the client',
    tag: 'Connections',
    access: 'management',
    answers: doneAnswers,
    handle(call) {
      const connection = connectionOf(call)
      checkMayEnd(call, connection)
      call.site.server.closeConnection(connection.name, reasonOf(call))
      return noContent
    },
  }),
  route({
    method: 'get',
    path: '/api/connections/{connection}/channels',
    summary: 'List the channels of a connection',
    tag: 'Connections',
    access: 'management',
    query: listQuery,
    answers: channelAnswers,
    handle(call) {
      const objects = channelObjects(showingOf(call.site), [connectionOf(call)])
      return listed(objects, call.query, ['number'])
    },
  }),
]

const channelRows: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/channels',
    summary: 'List channels',
    tag: 'Channels',
    access: 'management',
    query: listQuery,
    answers: channelAnswers,
    handle: (call) => channelList(call),
  }),
  route({
    method: 'get',
    path: '/api/vhosts/{vhost}/channels',
    summary: 'List the channels of a virtual host',
    tag: 'Channels',
    access: 'management',
    query: listQuery,
    answers: channelAnswers,
    handle: (call) => channelList(call, call.param('vhost')),
  }),
  route({
    method: 'get',
    path: '/api/channels/{channel}',
    summary: 'Read a channel with its consumers; its name is `CONNECTION (NUMBER)`',
    tag: 'Channels',
    access: 'management',
    query: columnsQuery,
    answers: { 200: { description: 'The channel.', schema: channelDetailShape.partial() } },
    handle(call) {
      const showing = showingOf(call.site)
      const { connection, number } = channelNamed(call)
      const channel = connection.channels.find((one) => one.number === number)
      if (channel === undefined) throw unknownThing(`channel "${call.param('channel')}"`)
      const rate = connectionRates(showing)
      const object = {
        ...channelObject(showing, connection, { channel, rate }),
        consumer_details: channelConsumers(showing, connection, number),
      }
      return shownObject(object, call.query)
    },
  }),
  route({
    method: 'delete',
    path: '/api/channels/{channel}/consumers/{consumer}',
    summary: 'Cancel a consumer: its client is told, what it holds stays held',
    tag: 'Consumers',
    access: 'management',
    answers: doneAnswers,
    handle(call) {
      const { connection, number } = channelNamed(call)
      checkMayEnd(call, connection)
      const tag = call.param('consumer')
      const isDone = call.site.server.cancelConsumer(connection.name, number, tag)
      if (!isDone) throw unknownThing(`consumer "${tag}" of channel "${call.param('channel')}"`)
      return noContent
    },
  }),
]

function channelNamed(call: Call): {
  readonly connection: ConnectionFacts
  readonly number: number
} {
  const name = call.param('channel')
  const [, connectionName, number] = /^(.+) \((\d{1,5})\)$/.exec(name) ?? []
  const connection =
    connectionName === undefined
      ? undefined
      : connectionSeen(showingOf(call.site), call.caller, connectionName)
  if (connection === undefined) throw unknownThing(`channel "${name}"`)
  return { connection, number: Number(number) }
}

const consumerRows: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/consumers',
    summary: 'List consumers of the queues that the user may see',
    tag: 'Consumers',
    access: 'management',
    query: listQuery,
    answers: consumerAnswers,
    handle: ({ site, caller, query }) =>
      listed(consumersOf(showingOf(site), caller), query, ['consumer_tag']),
  }),
  route({
    method: 'get',
    path: '/api/consumers/{vhost}',
    summary: 'List consumers of a virtual host',
    tag: 'Consumers',
    access: 'management',
    query: listQuery,
    answers: consumerAnswers,
    handle({ site, caller, query, param }) {
      const consumers = consumersOf(showingOf(site), caller, { vhost: param('vhost') })
      return listed(consumers, query, ['consumer_tag'])
    },
  }),
]

export const connectionRoutes: readonly Route[] = [
  ...connectionRows,
  ...channelRows,
  ...consumerRows,
]
