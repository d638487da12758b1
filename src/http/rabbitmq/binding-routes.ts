/*
 * Bindings, in RabbitMQ's shapes: `e` in a path is an exchange, `q` a queue.
 */

import { z } from 'zod'
import type { BindingRequest } from '../../virtual-host/port.ts'
import type { BindingView } from '../../virtual-host/view.ts'
import type { Call } from '../call.ts'
import { type Route, route } from '../route.ts'
import { bindingShape } from '../shapes/binding.ts'
import { listOf } from '../shapes/page.ts'
import { channelOf, doneAnswers, hostOf, noContent, unknownThing } from './answers.ts'
import { bindingObject, bindingObjects, isNamedBy, propertiesKey } from './binding-objects.ts'
import { exchangeInPath } from './exchange-objects.ts'
import { tableFromJson } from './json-table.ts'
import { listed, listQuery } from './list-query.ts'
import { objectShape } from './request-shapes.ts'
import { showingOf } from './showing.ts'
import { visibilityOf } from './visibility.ts'

const tag = 'Bindings'
const listAnswers = { 200: { description: 'The bindings.', schema: listOf(bindingShape) } }
const order = ['vhost', 'source', 'destination', 'routing_key', 'properties_key'] as const

const bindingBody = z.object({
  routing_key: z.string().default(''),
  arguments: objectShape.default({}),
})

type Kind = 'queue' | 'exchange'

/** Those between the two of the path. */
function between(call: Call, kind: Kind): readonly BindingView[] {
  const { param, caller } = call
  const vhost = param('vhost')
  const destination = param('destination')
  const source = exchangeInPath(param('source'))
  if (!visibilityOf(caller, vhost).sees(destination)) return []
  const all = hostOf(call).view.bindingsTo(kind, destination)
  return all.filter((binding) => binding.source === source)
}

function named(call: Call, kind: Kind): BindingView {
  const key = call.param('properties')
  const found = between(call, kind).find((binding) => isNamedBy(binding, key))
  if (found !== undefined) return found
  throw unknownThing(
    `binding "${key}" from "${call.param('source')}" to the ${kind} "${call.param('destination')}"`,
  )
}

const pathTo = (kind: Kind): string =>
  `/api/bindings/{vhost}/e/{source}/${kind === 'queue' ? 'q' : 'e'}/{destination}`

function bindingsRoutesTo(kind: Kind): readonly Route[] {
  const path = pathTo(kind)
  return [
    route({
      method: 'get',
      path,
      summary: `List the bindings from an exchange to ${kind === 'queue' ? 'a queue' : 'another'}`,
      tag,
      access: 'management',
      query: listQuery,
      answers: listAnswers,
      handle(call) {
        const vhost = call.param('vhost')
        const objects = between(call, kind).map((binding) => bindingObject(vhost, binding))
        return listed(objects, call.query, order)
      },
    }),
    route({
      method: 'post',
      path,
      summary: `Bind ${kind === 'queue' ? 'a queue' : 'an exchange'} to an exchange`,
      tag,
      access: 'management',
      right: { right: 'write', on: 'destination' },
      body: bindingBody,
      answers: { 201: { description: 'Bound; `location` names the binding.' } },
      async handle(call) {
        const { routing_key: routingKey, arguments: args } = call.body
        const request = requestOf(call, { routingKey, args: tableFromJson(args) })
        const host = hostOf(call)
        if (kind === 'queue') await host.bindQueue(channelOf(call), request)
        else await host.bindExchange(channelOf(call), request)
        const key = encodeURIComponent(propertiesKey({ ...request, kind }))
        const { pathname } = call.url
        return { status: 201, headers: { location: `${pathname.replace(/\/$/, '')}/${key}` } }
      },
    }),
  ]
}

function bindingRoutesTo(kind: Kind): readonly Route[] {
  const path = `${pathTo(kind)}/{properties}`
  return [
    route({
      method: 'get',
      path,
      summary: 'Read a binding by its properties key',
      tag,
      access: 'management',
      answers: { 200: { description: 'The binding.', schema: bindingShape } },
      handle: (call) => ({ json: bindingObject(call.param('vhost'), named(call, kind)) }),
    }),
    route({
      method: 'delete',
      path,
      summary: 'Delete a binding by its properties key',
      tag,
      access: 'management',
      right: { right: 'write', on: 'destination' },
      answers: doneAnswers,
      async handle(call) {
        const request = requestOf(call, named(call, kind))
        const host = hostOf(call)
        if (kind === 'queue') await host.unbindQueue(channelOf(call), request)
        else await host.unbindExchange(channelOf(call), request)
        return noContent
      },
    }),
  ]
}

const requestOf = (
  { param }: Pick<Call, 'param'>,
  { routingKey, args }: Pick<BindingView, 'routingKey' | 'args'>,
): BindingRequest => ({
  source: exchangeInPath(param('source')),
  destination: param('destination'),
  routingKey,
  args,
})

export const bindingRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/bindings',
    summary: 'List the bindings that the user may see',
    tag,
    access: 'management',
    query: listQuery,
    answers: listAnswers,
    handle: ({ site, caller, query }) =>
      listed(bindingObjects(showingOf(site), caller), query, order),
  }),
  route({
    method: 'get',
    path: '/api/bindings/{vhost}',
    summary: 'List the bindings of a virtual host that the user may see',
    tag,
    access: 'management',
    query: listQuery,
    answers: listAnswers,
    handle: ({ site, caller, query, param }) =>
      listed(bindingObjects(showingOf(site), caller, param('vhost')), query, order),
  }),
  ...bindingsRoutesTo('queue'),
  ...bindingRoutesTo('queue'),
  ...bindingsRoutesTo('exchange'),
  ...bindingRoutesTo('exchange'),
]
