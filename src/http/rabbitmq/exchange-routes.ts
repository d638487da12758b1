/*
 * Exchanges, in RabbitMQ's shapes.
 */

import { z } from 'zod'
import { type Route, route } from '../route.ts'
import { bindingShape } from '../shapes/binding.ts'
import { exchangeShape } from '../shapes/exchange.ts'
import { listOf } from '../shapes/page.ts'
import {
  channelOf,
  created,
  doneAnswers,
  hostOf,
  noContent,
  putAnswers,
  unknownExchange,
} from './answers.ts'
import { bindingObject } from './binding-objects.ts'
import { exchangeDetail, exchangeInPath, exchangeObjects } from './exchange-objects.ts'
import { tableFromJson } from './json-table.ts'
import { columnsQuery, listed, listQuery, shownObject } from './list-query.ts'
import { isAsked } from './queue-routes.ts'
import { looseBoolean, objectShape } from './request-shapes.ts'
import { showingOf } from './showing.ts'

const tag = 'Exchanges'
const order = ['vhost', 'name'] as const
const listAnswers = { 200: { description: 'The exchanges.', schema: listOf(exchangeShape) } }

const declaration = z.object({
  type: z.string().default('direct'),
  durable: looseBoolean.default(true),
  auto_delete: looseBoolean.default(false),
  internal: looseBoolean.default(false),
  arguments: objectShape.default({}),
})

/** `source`: those that begin there; `destination`: those that end there. */
const bindingsOf = (end: 'source' | 'destination'): Route =>
  route({
    method: 'get',
    path: `/api/exchanges/{vhost}/{exchange}/bindings/${end}`,
    summary: `List the bindings whose ${end} the exchange is`,
    tag,
    access: 'management',
    query: listQuery,
    answers: { 200: { description: 'The bindings.', schema: listOf(bindingShape) } },
    handle({ site, caller, query, param }) {
      const [vhost, name] = [param('vhost'), exchangeInPath(param('exchange'))]
      const showing = showingOf(site)
      const isThere = exchangeDetail(showing, caller, { vhost, name }) !== undefined
      const view = showing.host(vhost)?.view
      if (!isThere || view === undefined) throw unknownExchange(name, vhost)
      const bindings =
        end === 'source' ? view.bindingsFrom(name) : view.bindingsTo('exchange', name)
      const objects = bindings.map((binding) => bindingObject(vhost, binding))
      return listed(objects, query, ['source', 'destination', 'routing_key', 'properties_key'])
    },
  })

export const exchangeRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/exchanges',
    summary: 'List the exchanges that the user may see',
    tag,
    access: 'management',
    query: listQuery,
    answers: listAnswers,
    handle: ({ site, caller, query }) =>
      listed(exchangeObjects(showingOf(site), caller), query, order),
  }),
  route({
    method: 'get',
    path: '/api/exchanges/{vhost}',
    summary: 'List the exchanges of a virtual host that the user may see',
    tag,
    access: 'management',
    query: listQuery,
    answers: listAnswers,
    handle: ({ site, caller, query, param }) =>
      listed(exchangeObjects(showingOf(site), caller, param('vhost')), query, order),
  }),
  route({
    method: 'get',
    path: '/api/exchanges/{vhost}/{exchange}',
    summary: 'Read an exchange; the default one is amq.default',
    tag,
    access: 'management',
    query: columnsQuery,
    answers: { 200: { description: 'The exchange.', schema: exchangeShape } },
    handle({ site, caller, query, param }) {
      const [vhost, name] = [param('vhost'), exchangeInPath(param('exchange'))]
      const exchange = exchangeDetail(showingOf(site), caller, { vhost, name })
      if (exchange === undefined) throw unknownExchange(name, vhost)
      return shownObject(exchange, query)
    },
  }),
  route({
    method: 'put',
    path: '/api/exchanges/{vhost}/{exchange}',
    summary: 'Declare an exchange',
    tag,
    access: 'management',
    right: { right: 'configure', on: 'exchange' },
    body: declaration,
    answers: putAnswers,
    async handle(call) {
      const { type, durable, auto_delete: autoDelete, internal, arguments: args } = call.body
      const host = hostOf(call)
      const name = exchangeInPath(call.param('exchange'))
      const isThere = host.view.exchange(name) !== undefined
      await host.declareExchange(channelOf(call), {
        ...{ name, type, durable, autoDelete, internal },
        args: tableFromJson(args),
      })
      return isThere ? noContent : created
    },
  }),
  route({
    method: 'delete',
    path: '/api/exchanges/{vhost}/{exchange}',
    summary: 'Delete an exchange',
    tag,
    access: 'management',
    right: { right: 'configure', on: 'exchange' },
    query: z.object({ 'if-unused': z.string().optional() }),
    answers: doneAnswers,
    async handle(call) {
      const host = hostOf(call)
      const name = exchangeInPath(call.param('exchange'))
      if (host.view.exchange(name) === undefined) throw unknownExchange(name, call.param('vhost'))
      await host.deleteExchange(channelOf(call), name, isAsked(call.query['if-unused']))
      return noContent
    },
  }),
  bindingsOf('source'),
  bindingsOf('destination'),
]
