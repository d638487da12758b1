/*
 * Policies of users and of the operator, in RabbitMQ's shapes.
 */

import { z } from 'zod'
import type { Access } from '../access.ts'
import type { Call } from '../call.ts'
import { type Route, route } from '../route.ts'
import { listOf } from '../shapes/page.ts'
import { type PolicyObject, policyShape } from '../shapes/policy.ts'
import { policyObject } from './account-objects.ts'
import { created, doneAnswers, noContent, putAnswers, unknownThing } from './answers.ts'
import { type ListQuery, listed, listQuery } from './list-query.ts'
import { looseCount } from './request-shapes.ts'

const tag = 'Policies'

const policyBody = z.object({
  pattern: z.string(),
  definition: z.record(z.string(), z.unknown()),
  priority: looseCount.default(0),
  'apply-to': z.string().optional(),
})

interface Kind {
  readonly path: string
  readonly what: string
  readonly operator: boolean
  readonly access: Access
}

const kinds: readonly Kind[] = [
  { path: '/api/policies', what: 'policy', operator: false, access: 'policymaker' },
  {
    path: '/api/operator-policies',
    what: 'operator policy',
    operator: true,
    access: 'administrator',
  },
]

function policiesOf({ site, caller }: Call<ListQuery>, { operator }: Kind) {
  return site.policies
    .list()
    .filter((policy) => policy.operator === operator && caller.maySee(policy.vhost))
    .map(policyObject)
}

function policyNamed({ site, param }: Call, { operator, what }: Kind): PolicyObject {
  const [vhost, name] = [param('vhost'), param('name')]
  const found = site.policies
    .list(vhost)
    .find((policy) => policy.name === name && policy.operator === operator)
  if (found === undefined) throw unknownThing(`${what} "${name}" in virtual host "${vhost}"`)
  return policyObject(found)
}

const routesFor = (kind: Kind): readonly Route[] => [...readRoutes(kind), ...changeRoutes(kind)]

const readRoutes = (kind: Kind): readonly Route[] => [
  route({
    method: 'get',
    path: kind.path,
    summary: `List each ${kind.what} of the virtual hosts that the user may see`,
    tag,
    access: 'management',
    query: listQuery,
    answers: { 200: { description: 'The policies.', schema: listOf(policyShape) } },
    handle: (call) => listed(policiesOf(call, kind), call.query, ['vhost', 'name']),
  }),
  route({
    method: 'get',
    path: `${kind.path}/{vhost}`,
    summary: `List each ${kind.what} of a virtual host`,
    tag,
    access: 'management',
    query: listQuery,
    answers: { 200: { description: 'The policies.', schema: listOf(policyShape) } },
    handle(call) {
      const own = policiesOf(call, kind).filter(({ vhost }) => vhost === call.param('vhost'))
      return listed(own, call.query, ['name'])
    },
  }),
  route({
    method: 'get',
    path: `${kind.path}/{vhost}/{name}`,
    summary: `Read one ${kind.what}`,
    tag,
    access: 'management',
    answers: { 200: { description: 'The policy.', schema: policyShape } },
    handle: (call) => ({ json: policyNamed(call, kind) }),
  }),
]

const changeRoutes = ({ path, what, operator, access }: Kind): readonly Route[] => [
  route({
    method: 'put',
    path: `${path}/{vhost}/{name}`,
    summary: `Set one ${what}, in force at once`,
    tag,
    access,
    body: policyBody,
    answers: putAnswers,
    handle({ site, param, body }) {
      const [vhost, name] = [param('vhost'), param('name')]
      const { pattern, definition, priority, 'apply-to': applyTo = 'all' } = body
      const isThere = site.policies
        .list(vhost)
        .some((policy) => policy.name === name && policy.operator === operator)
      site.policies.set({ vhost, name, operator, pattern, definition, priority, applyTo })
      return isThere ? noContent : created
    },
  }),
  route({
    method: 'delete',
    path: `${path}/{vhost}/{name}`,
    summary: `Delete one ${what}`,
    tag,
    access,
    answers: doneAnswers,
    handle({ site, param }) {
      site.policies.delete({ vhost: param('vhost'), name: param('name'), operator })
      return noContent
    },
  }),
]

export const policyRoutes: readonly Route[] = kinds.flatMap(routesFor)
