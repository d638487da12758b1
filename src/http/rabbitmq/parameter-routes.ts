/*
 * Parameters of plugins, in RabbitMQ's shapes. There are no plugins: lists are empty, and what would set one
 * is refused. The name of the server is the one global parameter.
 */

import { hostname } from 'node:os'
import { HomingError } from '../../errors.ts'
import { type Route, route } from '../route.ts'
import { listOf } from '../shapes/page.ts'
import { globalParameterShape, parameterShape } from '../shapes/policy.ts'
import { unknownThing } from './answers.ts'
import { listed, listQuery } from './list-query.ts'

const tag = 'Parameters'

const emptyList = (path: string): Route =>
  route({
    method: 'get',
    path,
    summary: 'List parameters of plugins: there are none',
    tag,
    access: 'policymaker',
    query: listQuery,
    answers: { 200: { description: 'None.', schema: listOf(parameterShape) } },
    handle: ({ query }) => listed([], query, []),
  })

const refused = (method: 'put' | 'delete', path: string): Route =>
  route({
    method,
    path,
    summary: 'Refused: there are no plugins that a parameter could be for',
    tag,
    access: path.includes('global') ? 'administrator' : 'policymaker',
    answers: {},
    handle() {
      throw new HomingError(
        'unsupported',
        'Homing has no plugins, so no parameters; shovels and federation are done by programs',
      )
    },
  })

const one = '/api/parameters/{component}/{vhost}/{name}'

export const parameterRoutes: readonly Route[] = [
  ...['/api/parameters', '/api/parameters/{component}', '/api/parameters/{component}/{vhost}'].map(
    emptyList,
  ),
  route({
    method: 'get',
    path: one,
    summary: 'Read a parameter of a plugin: there are none',
    tag,
    access: 'policymaker',
    answers: { 200: { description: 'Never.', schema: parameterShape } },
    handle({ param }) {
      throw unknownThing(`parameter "${param('name')}"`)
    },
  }),
  refused('put', one),
  refused('delete', one),
  route({
    method: 'get',
    path: '/api/global-parameters',
    summary: 'List parameters of the server',
    tag,
    access: 'policymaker',
    query: listQuery,
    answers: { 200: { description: 'The parameters.', schema: listOf(globalParameterShape) } },
    handle: ({ query }) => listed([{ name: 'cluster_name', value: hostname() }], query, ['name']),
  }),
  refused('put', '/api/global-parameters/{name}'),
  refused('delete', '/api/global-parameters/{name}'),
]
