/*
 * What is in a queue: looked at without taking it, purged, paused.
 */

import { z } from 'zod'
import { HomingError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Entrance } from '../entrances.ts'
import { messageSummaryJson, wholeMessageJson } from '../looking/message-json.ts'
import { pageNames, wholeText } from '../page-query.ts'
import { type Route, route } from '../route.ts'
import type { RouteParts } from '../route-parts.ts'
import {
  messagePage,
  messageState,
  paused,
  purged,
  wholeMessage,
} from '../shapes/message-shapes.ts'

export const queueContentRoutes = (parts: RouteParts): readonly Route[] => [
  listMessages(parts),
  oneMessage(parts),
  purgeQueue(parts),
  pauseOrResume(parts, 'pause'),
  pauseOrResume(parts, 'resume'),
]

/** Fails with `access-refused`. */
function checkRead({ access }: Entrance, queue: string): void {
  if (!access.mayRead(queue)) access.refuse(`to read messages of queue '${queue}'`)
}

const listMessages = (parts: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/queues/{vhost}/{queue}/messages',
    summary: 'Look at the messages of a queue without taking them',
    tag: 'Messages',
    access: 'user',
    query: z.strictObject({ state: messageState.optional(), ...pageNames }),
    answers: { 200: { description: 'A page of messages.', schema: messagePage } },
    async handle({ site, caller, query, param }) {
      const entrance = parts.entrances.of(caller, param('vhost'))
      checkRead(entrance, param('queue'))
      const after = parts.cursors.open(query.after)
      const page = await site.engine.inspection.messages(entrance.names.in(param('queue')), {
        state: query.state ?? 'ready',
        ...(query.limit !== undefined && { limit: query.limit }),
        ...(after !== undefined && { after }),
      })
      return {
        json: {
          messages: page.messages.map(messageSummaryJson),
          next: parts.cursors.seal(page.next),
        },
      }
    },
  })

const oneMessage = (parts: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/queues/{vhost}/{queue}/messages/{position}',
    summary: 'Look at one message of a queue as a whole',
    tag: 'Messages',
    access: 'user',
    query: z.strictObject({ bodyBytesMax: wholeText(0, limits.bodyBytesMax).optional() }),
    answers: { 200: { description: 'The message.', schema: wholeMessage } },
    async handle({ site, caller, query, param }) {
      const entrance = parts.entrances.of(caller, param('vhost'))
      const queue = param('queue')
      checkRead(entrance, queue)
      const position = param('position')
      const { bodyBytesMax } = query
      const found = /^-?\d{1,15}$/.test(position)
        ? await site.engine.inspection.message(
            entrance.names.in(queue),
            Number(position),
            bodyBytesMax === undefined ? {} : { bodyBytesMax },
          )
        : undefined
      if (found !== undefined) return { json: wholeMessageJson(found) }
      throw new HomingError(
        'unknown',
        `no message stands at position ${position.slice(0, 20)} of queue "${queue}", or none any more; list its messages again`,
      )
    },
  })

const purgeQueue = (parts: RouteParts): Route =>
  route({
    method: 'delete',
    path: '/api/queues/{vhost}/{queue}/messages',
    summary: 'Purge a queue: what waits in it ends as canceled',
    tag: 'Messages',
    access: 'user',
    answers: { 200: { description: 'How many.', schema: purged } },
    async handle({ site, caller, param }) {
      const { access, names } = parts.entrances.of(caller, param('vhost'))
      access.checkPurge(param('queue'))
      return { json: { purged: await site.engine.purgeQueue(names.in(param('queue'))) } }
    },
  })

const pauseOrResume = (parts: RouteParts, act: 'pause' | 'resume'): Route =>
  route({
    method: 'post',
    path: `/api/queues/{vhost}/{queue}/${act}`,
    summary:
      act === 'pause'
        ? 'Pause a queue: no deliveries until it is resumed, also after a restart'
        : 'Resume a queue that was paused',
    tag: 'Messages',
    access: 'management',
    right: { right: 'configure', on: 'queue' },
    answers: { 200: { description: 'As it is now.', schema: paused } },
    async handle({ site, caller, param }) {
      const [vhost, queue] = [param('vhost'), param('queue')]
      const { names } = parts.entrances.of(caller, vhost)
      if (act === 'pause') await site.engine.pauseQueue(names.in(queue))
      else await site.engine.resumeQueue(names.in(queue))
      site.log.info({ user: caller.user, vhost, queue }, `queue ${act}d`)
      return { json: { vhost, queue, paused: act === 'pause' } }
    },
  })
