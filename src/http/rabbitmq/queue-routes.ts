/*
 * Queues, in RabbitMQ's shapes: list, declare, delete, pause.
 *
 * Declaring and deleting go to the virtual host as methods of AMQP do, with the same checks.
 */

import { z } from 'zod'
import { scopedName } from '../../scoped-name.ts'
import { type Route, route } from '../route.ts'
import { bindingShape } from '../shapes/binding.ts'
import { listOf } from '../shapes/page.ts'
import { queueDetailShape, queueShape } from '../shapes/queue.ts'
import {
  channelOf,
  created,
  doneAnswers,
  hostOf,
  noContent,
  putAnswers,
  unknownQueue,
} from './answers.ts'
import { bindingObject } from './binding-objects.ts'
import { tableFromJson } from './json-table.ts'
import { columnsQuery, type ListQuery, listed, listQuery, shownObject } from './list-query.ts'
import { queueDetail, queueObjects } from './queue-objects.ts'
import { looseBoolean, objectShape } from './request-shapes.ts'
import { showingOf } from './showing.ts'

const tag = 'Queues'
const listAnswers = { 200: { description: 'The queues.', schema: listOf(queueShape) } }
const order = ['vhost', 'name'] as const

const isPlain = ({ disable_stats, enable_queue_totals }: ListQuery): boolean =>
  disable_stats === 'true' && enable_queue_totals !== 'true'

const declaration = z.object({
  durable: looseBoolean.default(true),
  auto_delete: looseBoolean.default(false),
  arguments: objectShape.default({}),
})

const deletion = z.object({
  'if-unused': z.string().optional(),
  'if-empty': z.string().optional(),
})

/** Asked for by name alone, or with any value but `false`. */
export const isAsked = (value: string | undefined): boolean =>
  value !== undefined && value !== 'false'

const action = z.object({ action: z.enum(['pause', 'resume', 'sync', 'cancel_sync']) })

const listRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/queues',
    summary: 'List the queues that the user may see',
    tag,
    access: 'management',
    query: listQuery,
    answers: listAnswers,
    handle: async ({ site, caller, query }) =>
      listed(
        await queueObjects(showingOf(site), caller, { isPlain: isPlain(query) }),
        query,
        order,
      ),
  }),
  route({
    method: 'get',
    path: '/api/queues/{vhost}',
    summary: 'List the queues of a virtual host that the user may see',
    tag,
    access: 'management',
    query: listQuery,
    answers: listAnswers,
    async handle({ site, caller, query, param }) {
      const asked = { vhost: param('vhost'), isPlain: isPlain(query) }
      return listed(await queueObjects(showingOf(site), caller, asked), query, order)
    },
  }),
  route({
    method: 'get',
    path: '/api/queues/{vhost}/{queue}',
    summary: 'Read a queue with its consumers',
    tag,
    access: 'management',
    query: columnsQuery,
    answers: { 200: { description: 'The queue.', schema: queueDetailShape } },
    async handle({ site, caller, query, param }) {
      const [vhost, name] = [param('vhost'), param('queue')]
      const asked = { vhost, name, isPlain: isPlain(query) }
      const queue = await queueDetail(showingOf(site), caller, asked)
      if (queue === undefined) throw unknownQueue(name, vhost)
      return shownObject(queue, query)
    },
  }),
  route({
    method: 'get',
    path: '/api/queues/{vhost}/{queue}/bindings',
    summary: 'List the bindings of a queue',
    tag,
    access: 'management',
    query: listQuery,
    answers: { 200: { description: 'The bindings.', schema: listOf(bindingShape) } },
    async handle({ site, caller, query, param }) {
      const [vhost, name] = [param('vhost'), param('queue')]
      const showing = showingOf(site)
      const queue = await queueDetail(showing, caller, { vhost, name, isPlain: true })
      if (queue === undefined) throw unknownQueue(name, vhost)
      const bindings = showing.host(vhost)?.view.bindingsTo('queue', name) ?? []
      const objects = bindings.map((binding) => bindingObject(vhost, binding))
      return listed(objects, query, ['source', 'routing_key', 'properties_key'])
    },
  }),
]

const changeRoutes: readonly Route[] = [
  route({
    method: 'put',
    path: '/api/queues/{vhost}/{queue}',
    summary: 'Declare a queue',
    tag,
    access: 'management',
    right: { right: 'configure', on: 'queue' },
    body: declaration,
    answers: putAnswers,
    async handle(call) {
      const { durable, auto_delete: autoDelete, arguments: args } = call.body
      const host = hostOf(call)
      const name = call.param('queue')
      const isThere = host.view.queue(name) !== undefined
      await host.declareQueue(channelOf(call), {
        name,
        durable,
        exclusive: false,
        autoDelete,
        args: tableFromJson(args),
      })
      return isThere ? noContent : created
    },
  }),
  route({
    method: 'delete',
    path: '/api/queues/{vhost}/{queue}',
    summary: 'Delete a queue with what is in it',
    tag,
    access: 'management',
    right: { right: 'configure', on: 'queue' },
    query: deletion,
    answers: doneAnswers,
    async handle(call) {
      const [vhost, name] = [call.param('vhost'), call.param('queue')]
      const host = hostOf(call)
      if (host.view.queue(name) === undefined) throw unknownQueue(name, vhost)
      const { 'if-unused': ifUnused, 'if-empty': ifEmpty } = call.query
      await host.deleteQueue(channelOf(call), name, isAsked(ifUnused), isAsked(ifEmpty))
      return noContent
    },
  }),
  route({
    method: 'delete',
    path: '/api/queues/{vhost}/{queue}/contents',
    summary: 'Purge a queue: what waits in it ends as canceled',
    tag,
    access: 'management',
    right: { right: 'read', on: 'queue' },
    answers: doneAnswers,
    async handle(call) {
      await hostOf(call).purgeQueue(channelOf(call), call.param('queue'))
      return noContent
    },
  }),
  route({
    method: 'post',
    path: '/api/queues/{vhost}/{queue}/actions',
    summary: 'Pause a queue or resume it; sync and cancel_sync do nothing: there are no mirrors',
    tag,
    access: 'management',
    right: { right: 'configure', on: 'queue' },
    body: action,
    answers: doneAnswers,
    async handle(call) {
      const [vhost, name] = [call.param('vhost'), call.param('queue')]
      if (hostOf(call).view.queue(name) === undefined) throw unknownQueue(name, vhost)
      const { engine } = call.site
      if (call.body.action === 'pause') await engine.pauseQueue(scopedName(vhost, name))
      if (call.body.action === 'resume') await engine.resumeQueue(scopedName(vhost, name))
      return noContent
    },
  }),
]

export const queueRoutes: readonly Route[] = [...listRoutes, ...changeRoutes]
