/*
 * The server, in RabbitMQ's shapes.
 */

import { hostname } from 'node:os'
import { z } from 'zod'
import { type Route, route } from '../route.ts'
import { nodeShape, overviewShape } from '../shapes/overview.ts'
import { listOf } from '../shapes/page.ts'
import { whoamiShape } from '../shapes/user.ts'
import { unknownThing } from './answers.ts'
import { columnsQuery, listed, listQuery, shownObject } from './list-query.ts'
import { nodeOf, overviewOf } from './overview-objects.ts'
import { showingOf } from './showing.ts'

const tag = 'Overview'

export const overviewRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/overview',
    summary: 'Read what the server is and does, as far as the user may see it',
    tag,
    access: 'management',
    query: columnsQuery,
    answers: { 200: { description: 'The overview.', schema: overviewShape } },
    async handle({ site, caller, query }) {
      const isPlain = query.disable_stats === 'true'
      return shownObject(await overviewOf(showingOf(site), caller, isPlain), query)
    },
  }),
  route({
    method: 'get',
    path: '/api/nodes',
    summary: 'List nodes: there is one',
    tag,
    access: 'monitoring',
    query: listQuery,
    answers: { 200: { description: 'The node.', schema: listOf(nodeShape) } },
    handle: async ({ site, query }) => listed([await nodeOf(showingOf(site))], query, ['name']),
  }),
  route({
    method: 'get',
    path: '/api/nodes/{node}',
    summary: 'Read the node',
    tag,
    access: 'monitoring',
    query: columnsQuery,
    answers: { 200: { description: 'The node.', schema: nodeShape } },
    async handle({ site, param, query }) {
      const node = await nodeOf(showingOf(site))
      if (node.name !== param('node')) throw unknownThing(`node "${param('node')}"`)
      return shownObject(node, query)
    },
  }),
  route({
    method: 'get',
    path: '/api/cluster-name',
    summary: 'Read the name of this server',
    tag,
    access: 'management',
    answers: { 200: { description: 'The name.', schema: z.object({ name: z.string() }) } },
    handle: () => ({ json: { name: hostname() } }),
  }),
  route({
    method: 'get',
    path: '/api/extensions',
    summary: 'List extensions of the API: there are none',
    tag,
    access: 'management',
    answers: { 200: { description: 'None.', schema: z.array(z.never()) } },
    handle: () => ({ json: [] }),
  }),
  route({
    method: 'get',
    path: '/api/whoami',
    summary: 'Ask who one is',
    tag,
    access: 'management',
    answers: { 200: { description: 'The user.', schema: whoamiShape } },
    handle: ({ caller }) => ({ json: { name: caller.user, tags: [...caller.tags] } }),
  }),
]
