/*
 * Dead letters: looked at, replayed, dropped; by id, or all that match.
 */

import { z } from 'zod'
import { defaultVirtualHost } from '../../scoped-name.ts'
import { DeadLetterChoosing } from '../dead-letter-choosing.ts'
import { rangeFrom, scopeOf } from '../list-scope.ts'
import { deadLetterJson } from '../looking/dead-letter-json.ts'
import { pageDefault, pageNames, rangeNames, shownBytesDefault, shownNames } from '../page-query.ts'
import { unknown } from '../results/asked-outcome.ts'
import { type Route, route } from '../route.ts'
import type { RouteParts } from '../route-parts.ts'
import {
  deadLetter,
  deadLetterChoice,
  deadLetterPage,
  dropped,
  replayed,
} from '../shapes/dead-letter-shapes.ts'
import { shownPage } from '../shown-page.ts'

export const deadLetterRoutes = (parts: RouteParts): readonly Route[] => [
  listDeadLetters(parts),
  ...ofMany(parts),
  oneDeadLetter(parts),
  ...ofOne(parts),
]

const tag = 'Dead letters'
const died = ['diedSinceMs', 'diedBeforeMs'] as const
const inVirtualHost = z.strictObject({ vhost: z.string().optional() })

const listDeadLetters = (parts: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/dead-letters',
    summary: 'List dead letters, newest first',
    tag,
    access: 'user',
    virtualHostInQuery: 'any',
    query: z.strictObject({
      vhost: z.string().optional(),
      queue: z.string().optional(),
      /** The outcome's code. */
      reason: z.string().optional(),
      idPrefix: z.string().optional(),
      ...rangeNames,
      ...pageNames,
      ...shownNames,
    }),
    answers: { 200: { description: 'A page of dead letters.', schema: deadLetterPage } },
    async handle({ site, caller, query }) {
      const scope = scopeOf(parts, caller, query)
      const { reason } = query
      const filter = {
        ...scope.filter,
        ...(reason !== undefined && { reason }),
        ...rangeFrom(query, site.engine.nowMs(), died),
      }
      const page = await shownPage({
        limit: query.limit ?? pageDefault,
        after: parts.cursors.open(query.after),
        ask: async (cut) => {
          const asked = await site.engine.inspection.deadLetters({ ...filter, ...cut })
          return { rows: asked.deadLetters, next: asked.next }
        },
        mayShow: ({ queue }) => scope.mayShow(queue),
      })
      const bytesMax = query.bodyBytesMax ?? shownBytesDefault
      return {
        json: {
          deadLetters: page.rows.map((letter) => deadLetterJson(letter, bytesMax)),
          total: shownCount(site.engine.inspection.deadCounts(), scope),
          next: parts.cursors.seal(page.next),
        },
      }
    },
  })

/** Of the queues that are listed from: what others hold is not for who may not read it. */
function shownCount(
  counts: ReadonlyMap<string, number>,
  { filter, mayShow }: ReturnType<typeof scopeOf>,
): number {
  if (filter.queue !== undefined) return counts.get(filter.queue) ?? 0
  return [...counts].reduce((sum, [queue, count]) => sum + (mayShow(queue) ? count : 0), 0)
}

const oneDeadLetter = (parts: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/dead-letters/{id}',
    summary: 'Look at one dead letter as a whole',
    tag,
    access: 'user',
    virtualHostInQuery: 'one',
    query: inVirtualHost,
    answers: { 200: { description: 'The dead letter.', schema: deadLetter } },
    async handle({ site, caller, query, param }) {
      const { access, names } = parts.entrances.of(caller, query.vhost ?? defaultVirtualHost)
      const letter = await site.engine.inspection.deadLetter(names.idIn(param('id')))
      const isRead = letter !== undefined && access.mayRead(names.out(letter.queue))
      if (!isRead && !access.mayAskById) access.refuse(`to read message '${param('id')}'`)
      if (letter === undefined) throw unknown(param('id'))
      if (!isRead) access.refuse(`to read messages of queue '${names.out(letter.queue)}'`)
      return { json: deadLetterJson(letter) }
    },
  })

function ofOne(parts: RouteParts): readonly Route[] {
  const choosing = new DeadLetterChoosing(parts)
  const common = { tag, access: 'user', virtualHostInQuery: 'one', query: inVirtualHost } as const
  return [
    route({
      ...common,
      method: 'post',
      path: '/api/dead-letters/{id}/replay',
      summary: 'Send a dead letter again, under a new id',
      answers: { 200: { description: 'The id of the new message.', schema: replayed } },
      async handle({ site, caller, query, param }) {
        const choice = { ids: [param('id')], vhost: query.vhost ?? defaultVirtualHost }
        const done = await choosing.replay(site, caller, choice)
        if (done.replayed === 0) throw unknown(param('id'))
        return { json: done }
      },
    }),
    route({
      ...common,
      method: 'delete',
      path: '/api/dead-letters/{id}',
      summary: 'Drop a dead letter; its outcome stays',
      answers: { 200: { description: 'It is gone.', schema: dropped } },
      async handle({ site, caller, query, param }) {
        const choice = { ids: [param('id')], vhost: query.vhost ?? defaultVirtualHost }
        const done = await choosing.drop(site, caller, choice)
        if (done.dropped === 0) throw unknown(param('id'))
        return { json: done }
      },
    }),
  ]
}

function ofMany(parts: RouteParts): readonly Route[] {
  const choosing = new DeadLetterChoosing(parts)
  return [
    route({
      method: 'post',
      path: '/api/dead-letters/replay',
      summary: 'Send dead letters again: some by id, or all that match',
      tag,
      access: 'user',
      body: deadLetterChoice,
      answers: { 200: { description: 'Ids of the new messages.', schema: replayed } },
      handle: async ({ site, caller, body }) => ({
        json: await choosing.replay(site, caller, body),
      }),
    }),
    route({
      method: 'post',
      path: '/api/dead-letters/drop',
      summary: 'Drop dead letters: some by id, or all that match; their outcomes stay',
      tag,
      access: 'user',
      body: deadLetterChoice,
      answers: { 200: { description: 'How many are gone.', schema: dropped } },
      handle: async ({ site, caller, body }) => ({ json: await choosing.drop(site, caller, body) }),
    }),
  ]
}
