/*
 * One message by its id: its story, and its end. And what is still to come: delayed messages, schedules.
 */

import { z } from 'zod'
import { defaultVirtualHost } from '../../scoped-name.ts'
import { scopeOf } from '../list-scope.ts'
import { delayedJson, scheduleJson } from '../looking/message-json.ts'
import { storyJson } from '../looking/story-json.ts'
import { pageDefault, pageNames } from '../page-query.ts'
import { outcomePlace } from '../places.ts'
import { forgotten, unknown } from '../results/asked-outcome.ts'
import { type Route, route } from '../route.ts'
import type { RouteParts } from '../route-parts.ts'
import { canceled, delayedPage, schedulePage } from '../shapes/message-shapes.ts'
import { story } from '../shapes/story-shapes.ts'
import { shownPage } from '../shown-page.ts'

export const storyRoutes = (parts: RouteParts): readonly Route[] => [
  oneStory(parts),
  cancelMessage(parts),
  listDelayed(parts),
  listSchedules(parts),
]

const inVirtualHost = z.strictObject({ vhost: z.string().optional() })

const oneStory = (parts: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/messages/{id}',
    summary: 'Tell the story of a message: accepted, each attempt, its outcome, each callback',
    tag: 'Messages',
    access: 'user',
    virtualHostInQuery: 'one',
    query: inVirtualHost,
    answers: { 200: { description: 'The story.', schema: story } },
    async handle({ site, caller, query, param }) {
      const id = param('id')
      const { access, names } = parts.entrances.of(caller, query.vhost ?? defaultVirtualHost)
      const told = await site.engine.inspection.story(names.idIn(id))
      const mayRead = told !== undefined && access.mayRead(names.out(told.queue))
      if (!mayRead && !access.mayAskById) access.refuse(`to ask for message '${id}'`)
      if (told !== undefined) return { json: storyJson(told, mayRead) }
      const { state } = await site.engine.answer(names.idIn(id))
      throw state === 'forgotten' ? forgotten(id) : unknown(id)
    },
  })

const cancelMessage = (parts: RouteParts): Route =>
  route({
    method: 'delete',
    path: '/api/messages/{id}',
    summary: 'Cancel a message, also one that is being worked on',
    tag: 'Messages',
    access: 'user',
    virtualHostInQuery: 'one',
    query: z.strictObject({
      vhost: z.string().optional(),
      reason: z.string().max(1_000).optional(),
    }),
    answers: { 200: { description: 'It has its outcome now.', schema: canceled } },
    async handle({ site, caller, query, param }) {
      const id = param('id')
      const virtualHost = query.vhost ?? defaultVirtualHost
      const { access, names } = parts.entrances.of(caller, virtualHost)
      if (!access.mayAskById) access.refuse('to cancel messages by their id')
      const isCanceled = await site.engine.cancel(names.idIn(id), query.reason)
      if (!isCanceled) {
        const { state } = await site.engine.answer(names.idIn(id))
        if (state === 'unknown') throw unknown(id)
        if (state === 'forgotten') throw forgotten(id)
      }
      return { json: { canceled: isCanceled, outcome: outcomePlace(virtualHost, id) } }
    },
  })

const listDelayed = (parts: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/delayed',
    summary: 'List messages that are not to be delivered yet, next first',
    tag: 'Messages',
    access: 'user',
    virtualHostInQuery: 'any',
    query: z.strictObject({
      vhost: z.string().optional(),
      queue: z.string().optional(),
      ...pageNames,
    }),
    answers: { 200: { description: 'A page of delayed messages.', schema: delayedPage } },
    async handle({ site, caller, query }) {
      const scope = scopeOf(parts, caller, query)
      let total: number | undefined
      const page = await shownPage({
        limit: query.limit ?? pageDefault,
        after: parts.cursors.open(query.after),
        ask: async (cut) => {
          const asked = await site.engine.inspection.delayed({ ...scope.filter, ...cut })
          total = asked.total
          return asked
        },
        mayShow: ({ queue }) => scope.mayShow(queue),
      })
      return {
        json: {
          delayed: page.rows.map(delayedJson),
          total: scope.mayTellTotal ? total : undefined,
          next: parts.cursors.seal(page.next),
        },
      }
    },
  })

const listSchedules = (parts: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/schedules',
    summary: 'List cron schedules that have their next message in a queue, next first',
    tag: 'Messages',
    access: 'user',
    virtualHostInQuery: 'any',
    query: z.strictObject({
      vhost: z.string().optional(),
      queue: z.string().optional(),
      limit: pageNames.limit,
    }),
    answers: { 200: { description: 'The schedules.', schema: schedulePage } },
    async handle({ site, caller, query }) {
      const scope = scopeOf(parts, caller, query)
      const { limit = pageDefault } = query
      const all = await site.engine.inspection.schedules({ ...scope.filter, limit })
      const shown = all.filter(({ queue }) => scope.mayShow(queue))
      return { json: { schedules: shown.map(scheduleJson) } }
    },
  })
