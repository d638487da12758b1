/*
 * Figures: with their history, and live.
 */

import { z } from 'zod'
import { HomingError } from '../../errors.ts'
import { baseName, virtualHostOf } from '../../scoped-name.ts'
import type { Call } from '../call.ts'
import {
  consumerJson,
  figuresJson,
  queueRowJson,
  serverStateJson,
} from '../figures/figures-json.ts'
import { type FiguresAsked, tellFigures } from '../figures/live-figures.ts'
import { stepFor } from '../figures/steps.ts'
import { flagText } from '../page-query.ts'
import { type Route, route } from '../route.ts'
import type { RouteParts } from '../route-parts.ts'
import { figuresHistory, queueHistory, queueList, range } from '../shapes/figures-shapes.ts'
import { eventStreamHeaders } from '../streams.ts'

export const figuresRoutes = (parts: RouteParts): readonly Route[] => [
  history(parts),
  listQueues(parts),
  historyOfQueue(parts),
  liveFigures(parts),
]

const tag = 'Figures'
const ranged = z.strictObject({ range: range.optional() })

const history = ({ sampler }: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/figures',
    summary: 'What the server counted and measured, for charts',
    tag,
    access: 'monitoring',
    query: ranged,
    answers: { 200: { description: 'Samples, oldest first, and now.', schema: figuresHistory } },
    handle({ site, query }) {
      const { range: asked = '5m' } = query
      const step = stepFor(asked)
      return {
        json: {
          range: asked,
          stepMs: step.seconds * 1_000,
          samples: sampler.history.samples(step.name),
          now: figuresJson(site.engine.inspection.figures()),
          server: serverStateJson(site.server),
        },
      }
    },
  })

const listQueues = ({ sampler, entrances }: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/figures/queues',
    summary: 'Every queue the user may see, with its figures',
    tag,
    access: 'user',
    virtualHostInQuery: 'any',
    query: z.strictObject({ vhost: z.string().optional() }),
    answers: { 200: { description: 'The queues, callbacks’ too.', schema: queueList } },
    handle({ site, caller, query: { vhost } }) {
      const queues = site.engine.inspection
        .queues()
        .filter(({ name }) => vhost === undefined || virtualHostOf(name) === vhost)
        .filter(({ name }) => entrances.maySee(caller, name))
        .map((one) => queueRowJson(one, sampler.rates(one.name)))
      return { json: { atMs: site.engine.nowMs(), queues } }
    },
  })

const historyOfQueue = (parts: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/queues/{vhost}/{queue}/figures',
    summary: 'What was counted of a queue, for charts, and who consumes from it',
    tag,
    access: 'user',
    query: ranged,
    answers: { 200: { description: 'Samples, oldest first, and now.', schema: queueHistory } },
    handle(call) {
      const { site, query } = call
      const queue = seenQueue(parts, call, {
        vhost: call.param('vhost'),
        queue: call.param('queue'),
      })
      const { range: asked = '5m' } = query
      const step = stepFor(asked)
      const { sampler } = parts
      const now = site.engine.inspection.queue(queue)
      if (now === undefined) throw noQueue(queue)
      return {
        json: {
          range: asked,
          stepMs: step.seconds * 1_000,
          samples: sampler.history.queueSamples(queue, step.name) ?? [],
          now: queueRowJson(now, sampler.rates(queue)),
          consumers: site.engine.inspection.consumers(queue).map(consumerJson),
        },
      }
    },
  })

const liveFigures = (parts: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/events',
    summary: 'Server-sent events, once a second: figures, all queues, or one queue',
    tag,
    access: 'user',
    virtualHostInQuery: 'one',
    query: z.strictObject({
      figures: flagText.optional(),
      queues: flagText.optional(),
      vhost: z.string().optional(),
      queue: z.string().optional(),
    }),
    answers: { 200: { description: 'The stream.', contentType: 'text/event-stream' } },
    handle(call) {
      const { query, caller, signal } = call
      const { queue: name, vhost = '/' } = query
      const asked: FiguresAsked = {
        figures: query.figures ?? (query.queues !== true && name === undefined),
        queues: query.queues ?? false,
        queue: name === undefined ? undefined : seenQueue(parts, call, { vhost, queue: name }),
      }
      if (asked.figures && !caller.has('monitoring')) throw notMonitoring(caller.user)
      const stream = parts.streams.open(caller, signal)
      tellFigures(parts, call, { stream, asked })
      return { headers: eventStreamHeaders, body: stream.body }
    },
  })

/** By the engine's name. Fails with `access-refused`, `queue-unknown`. */
function seenQueue(
  { entrances }: RouteParts,
  { site, caller }: Pick<Call, 'site' | 'caller'>,
  { vhost, queue }: { readonly vhost: string; readonly queue: string },
): string {
  const { names, access } = entrances.of(caller, vhost)
  const scoped = names.in(queue)
  if (!entrances.maySee(caller, scoped)) access.refuse(`to see queue '${queue}'`)
  if (site.engine.inspection.queue(scoped) === undefined) throw noQueue(scoped)
  return scoped
}

const noQueue = (queue: string): HomingError =>
  new HomingError(
    'queue-unknown',
    `there is no queue "${baseName(queue)}" in virtual host "${virtualHostOf(queue)}"`,
  )

const notMonitoring = (user: string): HomingError =>
  new HomingError(
    'access-refused',
    `user "${user}" is not tagged monitoring, which the figures of the whole server ask for`,
  )
