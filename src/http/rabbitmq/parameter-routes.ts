/*
 * Parameters, in RabbitMQ's shapes: limits of virtual hosts and operator policies are among them, and are
 * changed by their own paths. There are no plugins: what would set a parameter of one is refused. The name of
 * the server is the one global parameter.
 */

import { hostname } from 'node:os'
import { HomingError } from '../../errors.ts'
import type { Call } from '../call.ts'
import { type Route, route } from '../route.ts'
import { listOf } from '../shapes/page.ts'
import { globalParameterShape, parameterShape } from '../shapes/policy.ts'
import { unknownThing } from './answers.ts'
import { parametersOf } from './definitions-export.ts'
import { listed, listQuery } from './list-query.ts'

const tag = 'Parameters'

/** Of the virtual hosts that the caller may see, narrowed by what the path names. */
function parametersSeen({ site, caller, param }: Call): readonly Parameter[] {
  const [component, vhost] = [param('component'), param('vhost')]
  const hosts = caller.virtualHosts().filter((name) => vhost === '' || name === vhost)
  const all = hosts.flatMap((name) => parametersOf(site, name))
  return all.filter((one) => component === '' || one.component === component)
}

const listRoute = (path: string): Route =>
  route({
    method: 'get',
    path,
    summary: 'List parameters: limits of virtual hosts and operator policies',
    tag,
    access: 'policymaker',
    query: listQuery,
    answers: { 200: { description: 'The parameters.', schema: listOf(parameterShape) } },
    handle: (call) => listed(parametersSeen(call), call.query, ['component', 'vhost', 'name']),
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

type Parameter = ReturnType<typeof parametersOf>[number]

const one = '/api/parameters/{component}/{vhost}/{name}'

export const parameterRoutes: readonly Route[] = [
  ...['/api/parameters', '/api/parameters/{component}', '/api/parameters/{component}/{vhost}'].map(
    listRoute,
  ),
  route({
    method: 'get',
    path: one,
    summary: 'Read a parameter',
    tag,
    access: 'policymaker',
    answers: { 200: { description: 'The parameter.', schema: parameterShape } },
    handle(call) {
      const name = call.param('name')
      const found = parametersSeen(call).find((parameter) => parameter.name === name)
      if (found === undefined) throw unknownThing(`parameter "${name}"`)
      return { json: found }
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
