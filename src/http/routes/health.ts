/*
 * Whether the server lives, and whether it can be sent to. Nothing else is told to those who are not
 * logged in.
 */

import { z } from 'zod'
import { type Answer, type Route, route } from '../route.ts'

const ok = z.object({ status: z.literal('ok') })
const answers = {
  200: { description: 'Yes.', schema: ok },
  503: { description: 'No.', schema: z.object({ status: z.literal('failed') }) },
}

const told = (isWell: boolean): Answer =>
  isWell ? { json: { status: 'ok' } } : { status: 503, json: { status: 'failed' } }

export const healthRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/healthz',
    summary: 'Ask whether the server lives',
    tag: 'Server',
    access: 'open',
    answers,
    handle: () => told(true),
  }),
  route({
    method: 'get',
    path: '/readyz',
    summary: 'Ask whether messages can be sent now',
    tag: 'Server',
    access: 'open',
    answers,
    handle: ({ site }) => told(site.server.blockedFor === undefined && !site.server.isStopping),
  }),
]
