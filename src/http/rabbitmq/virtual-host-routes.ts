/*
 * Virtual hosts, in RabbitMQ's shapes.
 */

import { z } from 'zod'
import { HomingError } from '../../errors.ts'
import { setPermission } from '../../server/user-changes.ts'
import {
  addVirtualHost,
  changeVirtualHost,
  type VirtualHostSettings,
} from '../../server/virtual-host-changes.ts'
import { type Route, route } from '../route.ts'
import { listOf } from '../shapes/page.ts'
import { permissionShape, topicPermissionShape } from '../shapes/user.ts'
import { virtualHostShape } from '../shapes/virtual-host.ts'
import { virtualHostObjects } from './account-objects.ts'
import { created, doneAnswers, noContent, putAnswers, unknownThing } from './answers.ts'
import { columnsQuery, listed, listQuery, shownObject } from './list-query.ts'
import { queueCounts } from './queue-objects.ts'
import { looseBoolean } from './request-shapes.ts'
import { showingOf } from './showing.ts'

const tag = 'Virtual hosts'

const hostBody = z.object({
  description: z.string().max(1_024).optional(),
  tags: z.unknown().optional(),
  tracing: looseBoolean.optional(),
  default_queue_type: z.string().nullable().optional(),
})

/** Fails with `bad-argument`, `unsupported`. */
export function hostSettings(given: {
  readonly description?: string | undefined
  readonly default_queue_type?: string | null | undefined
  readonly tracing?: boolean | undefined
}): VirtualHostSettings {
  const { description, default_queue_type: type, tracing } = given
  if (tracing === true) {
    throw new HomingError('unsupported', 'a virtual host has no tracing; look at the messages')
  }
  const isNone = type === 'undefined' || type === '' || type === null
  if (type !== undefined && !isNone && type !== 'classic' && type !== 'quorum') {
    throw new HomingError(
      'bad-argument',
      `default_queue_type is "${type.slice(0, 80)}"; give classic or quorum`,
    )
  }
  return {
    ...(description !== undefined && { description }),
    ...(type !== undefined && { defaultQueueType: isNone ? undefined : (type ?? undefined) }),
  }
}

const everything = { configure: '.*', write: '.*', read: '.*' }

export const virtualHostRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/vhosts',
    summary: 'List the virtual hosts that the user may see',
    tag,
    access: 'management',
    query: listQuery,
    answers: { 200: { description: 'The virtual hosts.', schema: listOf(virtualHostShape) } },
    async handle({ site, caller, query }) {
      const showing = showingOf(site)
      const counts = queueCounts(showing)
      return listed(virtualHostObjects(showing, caller.virtualHosts(), counts), query, ['name'])
    },
  }),
  route({
    method: 'get',
    path: '/api/vhosts/{vhost}',
    summary: 'Read a virtual host',
    tag,
    access: 'management',
    query: columnsQuery,
    answers: { 200: { description: 'The virtual host.', schema: virtualHostShape } },
    async handle({ site, param, query }) {
      const showing = showingOf(site)
      const name = param('vhost')
      const [object] = virtualHostObjects(showing, [name], queueCounts(showing))
      if (object === undefined) throw unknownThing(`virtual host "${name}"`)
      return shownObject(object, query)
    },
  }),
  route({
    method: 'put',
    path: '/api/vhosts/{vhost}',
    summary: 'Add a virtual host, in which the caller may do everything, or change its description',
    tag,
    access: 'administrator',
    anyVirtualHost: true,
    body: hostBody,
    answers: putAnswers,
    handle({ site, caller, param, body }) {
      const name = param('vhost')
      const settings = hostSettings(body)
      const { definitions } = site
      if (definitions.state.vhosts.has(name)) {
        definitions.change(changeVirtualHost(name, settings))
        return noContent
      }
      const permission = setPermission({ user: caller.user, vhost: name, ...everything })
      definitions.change(addVirtualHost(name, settings), permission)
      return created
    },
  }),
  route({
    method: 'delete',
    path: '/api/vhosts/{vhost}',
    summary: 'Delete a virtual host with everything in it',
    tag,
    access: 'administrator',
    anyVirtualHost: true,
    answers: doneAnswers,
    handle({ site, param }) {
      site.accounts.deleteVirtualHost(param('vhost'))
      return noContent
    },
  }),
  route({
    method: 'get',
    path: '/api/vhosts/{vhost}/permissions',
    summary: 'List who may do what in a virtual host',
    tag,
    access: 'administrator',
    anyVirtualHost: true,
    query: listQuery,
    answers: { 200: { description: 'The permissions.', schema: listOf(permissionShape) } },
    handle({ site, param, query }) {
      const all = [...site.definitions.state.permissions.values()]
      return listed(
        all.filter(({ vhost }) => vhost === param('vhost')),
        query,
        ['user'],
      )
    },
  }),
  route({
    method: 'get',
    path: '/api/vhosts/{vhost}/topic-permissions',
    summary: 'List who may use which routing keys in a virtual host',
    tag,
    access: 'administrator',
    anyVirtualHost: true,
    query: listQuery,
    answers: { 200: { description: 'The permissions.', schema: listOf(topicPermissionShape) } },
    handle({ site, param, query }) {
      const all = [...site.definitions.state.topicPermissions.values()].flat()
      return listed(
        all.filter(({ vhost }) => vhost === param('vhost')),
        query,
        ['user', 'exchange'],
      )
    },
  }),
]
