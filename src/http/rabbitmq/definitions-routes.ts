/*
 * Definitions out and in, in RabbitMQ's shapes: all, or those of one virtual host.
 */

import { z } from 'zod'
import { type Route, route } from '../route.ts'
import { doneAnswers, hostOf, noContent } from './answers.ts'
import { exportedDefinitions, exportedOf } from './definitions-export.ts'
import { importDefinitions } from './definitions-import.ts'
import { definitionsShape } from './definitions-shape.ts'
import { showingOf } from './showing.ts'

const tag = 'Definitions'
const access = 'administrator'
const bodyBytesMax = 64 * 1_048_576
const exported = z.looseObject({ rabbit_version: z.string(), queues: z.array(z.unknown()) })
const answers = { 200: { description: 'The definitions.', schema: exported } }

export const definitionsRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/definitions',
    summary: 'Export what is declared and who may use it; passwords are in it as hashes',
    tag,
    access,
    answers,
    handle: ({ site }) => ({ json: exportedDefinitions(showingOf(site)) }),
  }),
  route({
    method: 'post',
    path: '/api/definitions',
    summary: 'Import definitions of Homing or RabbitMQ; what is there and the same stays',
    tag,
    access,
    body: definitionsShape,
    bodyBytesMax,
    answers: doneAnswers,
    async handle({ site, caller, body }) {
      await importDefinitions(body, { site, user: caller.user })
      return noContent
    },
  }),
  route({
    method: 'get',
    path: '/api/definitions/{vhost}',
    summary: 'Export what is declared in a virtual host',
    tag,
    access,
    anyVirtualHost: true,
    answers,
    handle(call) {
      const { name } = hostOf(call)
      return { json: exportedOf(showingOf(call.site), name) }
    },
  }),
  route({
    method: 'post',
    path: '/api/definitions/{vhost}',
    summary: 'Import into a virtual host what was exported of one',
    tag,
    access,
    anyVirtualHost: true,
    body: definitionsShape,
    bodyBytesMax,
    answers: doneAnswers,
    async handle(call) {
      const { name: vhost } = hostOf(call)
      await importDefinitions(call.body, { site: call.site, user: call.caller.user, vhost })
      return noContent
    },
  }),
]
