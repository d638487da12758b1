/*
 * Permissions, in RabbitMQ's shapes: patterns on names, and on routing keys of topic exchanges.
 */

import { z } from 'zod'
import type { DefinitionsState } from '../../server/definitions-state.ts'
import { knownUser, knownVirtualHost, pairKey } from '../../server/definitions-state.ts'
import { type Route, route } from '../route.ts'
import { listOf } from '../shapes/page.ts'
import { permissionShape, topicPermissionShape } from '../shapes/user.ts'
import { created, doneAnswers, noContent, putAnswers, unknownThing } from './answers.ts'
import { exchangeInPath } from './exchange-objects.ts'
import { listed, listQuery } from './list-query.ts'

const tag = 'Permissions'
const access = 'administrator'
const anyVirtualHost = true

const permissionBody = z.object({ configure: z.string(), write: z.string(), read: z.string() })
const topicBody = z.object({ exchange: z.string(), write: z.string(), read: z.string() })

function checkKnown(state: DefinitionsState, user: string, vhost: string): void {
  knownUser(state, user)
  knownVirtualHost(state, vhost)
}

const permissionRows: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/permissions',
    summary: 'List what users may do, by virtual host',
    tag,
    access,
    query: listQuery,
    answers: { 200: { description: 'The permissions.', schema: listOf(permissionShape) } },
    handle: ({ site, query }) =>
      listed([...site.definitions.state.permissions.values()], query, ['vhost', 'user']),
  }),
  route({
    method: 'get',
    path: '/api/permissions/{vhost}/{user}',
    summary: 'Read what a user may do in a virtual host',
    tag,
    access,
    anyVirtualHost,
    answers: { 200: { description: 'The permission.', schema: permissionShape } },
    handle({ site, param }) {
      const [user, vhost] = [param('user'), param('vhost')]
      checkKnown(site.definitions.state, user, vhost)
      const found = site.definitions.state.permissions.get(pairKey(user, vhost))
      if (found === undefined) throw unknownThing(`permission of user "${user}" in "${vhost}"`)
      return { json: found }
    },
  }),
  route({
    method: 'put',
    path: '/api/permissions/{vhost}/{user}',
    summary: 'Say what a user may do in a virtual host; sessions that may lose something end',
    tag,
    access,
    anyVirtualHost,
    body: permissionBody,
    answers: putAnswers,
    handle({ site, param, body }) {
      const [user, vhost] = [param('user'), param('vhost')]
      const isThere = site.definitions.state.permissions.has(pairKey(user, vhost))
      site.accounts.setPermission({ user, vhost, ...body })
      return isThere ? noContent : created
    },
  }),
  route({
    method: 'delete',
    path: '/api/permissions/{vhost}/{user}',
    summary: 'Take away what a user may do in a virtual host',
    tag,
    access,
    anyVirtualHost,
    answers: doneAnswers,
    handle({ site, param }) {
      const [user, vhost] = [param('user'), param('vhost')]
      checkKnown(site.definitions.state, user, vhost)
      if (!site.definitions.state.permissions.has(pairKey(user, vhost)))
        throw unknownThing(`permission of user "${user}" in "${vhost}"`)
      site.accounts.clearPermission(user, vhost)
      return noContent
    },
  }),
]

const topicRows: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/topic-permissions',
    summary: 'List which routing keys users may use',
    tag,
    access,
    query: listQuery,
    answers: { 200: { description: 'The permissions.', schema: listOf(topicPermissionShape) } },
    handle({ site, query }) {
      const all = [...site.definitions.state.topicPermissions.values()].flat()
      return listed(all, query, ['vhost', 'user', 'exchange'])
    },
  }),
  route({
    method: 'get',
    path: '/api/topic-permissions/{vhost}/{user}',
    summary: 'List which routing keys a user may use in a virtual host',
    tag,
    access,
    anyVirtualHost,
    answers: { 200: { description: 'The permissions.', schema: z.array(topicPermissionShape) } },
    handle({ site, param }) {
      const [user, vhost] = [param('user'), param('vhost')]
      const { state } = site.definitions
      checkKnown(state, user, vhost)
      const found = state.topicPermissions.get(pairKey(user, vhost))
      if (found === undefined) throw unknownThing(`topic permission of "${user}" in "${vhost}"`)
      return { json: found }
    },
  }),
  route({
    method: 'put',
    path: '/api/topic-permissions/{vhost}/{user}',
    summary: 'Say which routing keys of a topic exchange a user may use',
    tag,
    access,
    anyVirtualHost,
    body: topicBody,
    answers: putAnswers,
    handle({ site, param, body }) {
      const [user, vhost] = [param('user'), param('vhost')]
      const exchange = exchangeInPath(body.exchange)
      const there = site.definitions.state.topicPermissions.get(pairKey(user, vhost))
      site.accounts.setTopicPermission({ ...body, user, vhost, exchange })
      return there?.some((one) => one.exchange === exchange) ? noContent : created
    },
  }),
  route({
    method: 'delete',
    path: '/api/topic-permissions/{vhost}/{user}',
    summary: 'Take away what is said of routing keys: the exchanges are open again',
    tag,
    access,
    anyVirtualHost,
    answers: doneAnswers,
    handle({ site, param }) {
      site.accounts.clearTopicPermission(param('user'), param('vhost'))
      return noContent
    },
  }),
]

export const permissionRoutes: readonly Route[] = [...permissionRows, ...topicRows]
