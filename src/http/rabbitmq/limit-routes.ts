/*
 * How much users and virtual hosts may have, in RabbitMQ's shapes.
 */

import { z } from 'zod'
import { HomingError } from '../../errors.ts'
import { type Route, route } from '../route.ts'
import { listOf } from '../shapes/page.ts'
import { userLimitsShape } from '../shapes/user.ts'
import { virtualHostLimitsShape } from '../shapes/virtual-host.ts'
import type { Site } from '../site.ts'
import { doneAnswers, noContent } from './answers.ts'
import { listed, listQuery } from './list-query.ts'
import { looseCount } from './request-shapes.ts'

const tag = 'Limits'
const limitBody = z.object({ value: looseCount })

const hostLimits = new Map([
  ['max-connections', 'connectionsMax'],
  ['max-queues', 'queuesMax'],
] as const)
const userLimits = new Map([
  ['max-connections', 'connectionsMax'],
  ['max-channels', 'channelsMax'],
] as const)

type LimitNames = ReadonlyMap<string, string>

/** Under RabbitMQ's names; undefined where there is none. */
function limitsShown(record: object, names: LimitNames): Record<string, number> | undefined {
  const own = record as Readonly<Record<string, number | undefined>>
  const set = [...names].flatMap(([name, ours]) => {
    const value = own[ours]
    return value === undefined ? [] : [[name, value] as const]
  })
  return set.length === 0 ? undefined : Object.fromEntries(set)
}

/** One limit as settings; a value below 0 is none. Fails with `bad-argument`. */
export function limitSettings(
  name: string,
  value: number | undefined,
  of: 'user' | 'virtual host',
): Record<string, number | undefined> {
  const names: LimitNames = of === 'user' ? userLimits : hostLimits
  const ours = names.get(name)
  if (ours === undefined) {
    throw new HomingError(
      'bad-argument',
      `a ${of} has no limit "${name.slice(0, 80)}"; there are ${[...names.keys()].join(', ')}`,
    )
  }
  return { [ours]: value !== undefined && value >= 0 ? value : undefined }
}

const hostRows = ({ definitions }: Site) =>
  [...definitions.state.vhosts.values()].flatMap((record) => {
    const value = limitsShown(record, hostLimits)
    return value === undefined ? [] : [{ vhost: record.name, value }]
  })

const userRows = ({ definitions }: Site) =>
  [...definitions.state.users.values()].flatMap((record) => {
    const value = limitsShown(record, userLimits)
    return value === undefined ? [] : [{ user: record.name, value }]
  })

const hostRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/vhost-limits',
    summary: 'List the limits of the virtual hosts that the user may see',
    tag,
    access: 'management',
    query: listQuery,
    answers: { 200: { description: 'The limits.', schema: listOf(virtualHostLimitsShape) } },
    handle: ({ site, caller, query }) =>
      listed(
        hostRows(site).filter(({ vhost }) => caller.maySee(vhost)),
        query,
        ['vhost'],
      ),
  }),
  route({
    method: 'get',
    path: '/api/vhost-limits/{vhost}',
    summary: 'List the limits of a virtual host',
    tag,
    access: 'management',
    query: listQuery,
    answers: { 200: { description: 'The limits.', schema: listOf(virtualHostLimitsShape) } },
    handle: ({ site, param, query }) =>
      listed(
        hostRows(site).filter(({ vhost }) => vhost === param('vhost')),
        query,
        ['vhost'],
      ),
  }),
  route({
    method: 'put',
    path: '/api/vhost-limits/{vhost}/{limit}',
    summary: 'Limit a virtual host: max-connections, max-queues',
    tag,
    access: 'administrator',
    anyVirtualHost: true,
    body: limitBody,
    answers: doneAnswers,
    handle({ site, param, body }) {
      const settings = limitSettings(param('limit'), body.value, 'virtual host')
      site.limits.setOfVirtualHost(param('vhost'), settings)
      return noContent
    },
  }),
  route({
    method: 'delete',
    path: '/api/vhost-limits/{vhost}/{limit}',
    summary: 'Take a limit of a virtual host away',
    tag,
    access: 'administrator',
    anyVirtualHost: true,
    answers: doneAnswers,
    handle({ site, param }) {
      const settings = limitSettings(param('limit'), undefined, 'virtual host')
      site.limits.setOfVirtualHost(param('vhost'), settings)
      return noContent
    },
  }),
]

const userRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/user-limits',
    summary: 'List the limits of users',
    tag,
    access: 'administrator',
    query: listQuery,
    answers: { 200: { description: 'The limits.', schema: listOf(userLimitsShape) } },
    handle: ({ site, query }) => listed(userRows(site), query, ['user']),
  }),
  route({
    method: 'get',
    path: '/api/user-limits/{user}',
    summary: 'List the limits of a user',
    tag,
    access: 'administrator',
    query: listQuery,
    answers: { 200: { description: 'The limits.', schema: listOf(userLimitsShape) } },
    handle({ site, param, query }) {
      site.limits.ofUser(param('user'))
      return listed(
        userRows(site).filter(({ user }) => user === param('user')),
        query,
        ['user'],
      )
    },
  }),
  route({
    method: 'put',
    path: '/api/user-limits/{user}/{limit}',
    summary: 'Limit a user: max-connections, max-channels',
    tag,
    access: 'administrator',
    body: limitBody,
    answers: doneAnswers,
    handle({ site, param, body }) {
      site.limits.setOfUser(param('user'), limitSettings(param('limit'), body.value, 'user'))
      return noContent
    },
  }),
  route({
    method: 'delete',
    path: '/api/user-limits/{user}/{limit}',
    summary: 'Take a limit of a user away',
    tag,
    access: 'administrator',
    answers: doneAnswers,
    handle({ site, param }) {
      site.limits.setOfUser(param('user'), limitSettings(param('limit'), undefined, 'user'))
      return noContent
    },
  }),
]

export const limitRoutes: readonly Route[] = [...hostRoutes, ...userRoutes]
