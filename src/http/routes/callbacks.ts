/*
 * Callbacks, and the outcomes that have not come home to them yet.
 */

import { z } from 'zod'
import { HomingError } from '../../errors.ts'
import { callbackQueue } from '../../message/message.ts'
import { baseName, defaultVirtualHost, virtualHostOf } from '../../scoped-name.ts'
import { callbackFiguresJson, notHomeJson } from '../looking/dead-letter-json.ts'
import { pageDefault, pageNames } from '../page-query.ts'
import { type Route, route } from '../route.ts'
import type { RouteParts } from '../route-parts.ts'
import { callbackPage, notHomePage } from '../shapes/dead-letter-shapes.ts'
import { shownPage } from '../shown-page.ts'

export const callbackRoutes = (parts: RouteParts): readonly Route[] => [
  listCallbacks(parts),
  listNotHome(parts),
]

const listCallbacks = ({ entrances }: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/callbacks',
    summary: 'List callbacks that have outcomes not yet brought home',
    tag: 'Callbacks',
    access: 'user',
    virtualHostInQuery: 'any',
    query: z.strictObject({ vhost: z.string().optional() }),
    answers: { 200: { description: 'The callbacks.', schema: callbackPage } },
    handle({ site, caller, query: { vhost } }) {
      const shown = site.engine.inspection
        .callbacks()
        .filter(({ queue }) => vhost === undefined || virtualHostOf(queue) === vhost)
        .filter(({ queue }) => entrances.maySee(caller, queue))
      return { json: { callbacks: shown.map(callbackFiguresJson) } }
    },
  })

const listNotHome = (parts: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/not-home',
    summary: 'List outcomes that their callback has not taken yet, oldest first',
    tag: 'Callbacks',
    access: 'user',
    virtualHostInQuery: 'any',
    query: z.strictObject({
      vhost: z.string().optional(),
      /** Within `vhost`, which is `/` when none is named. */
      callback: z.string().optional(),
      ...pageNames,
    }),
    answers: { 200: { description: 'A page of outcomes on their way.', schema: notHomePage } },
    async handle({ site, caller, query }) {
      const { callback } = query
      const vhost = query.vhost ?? (callback === undefined ? undefined : defaultVirtualHost)
      const mayShow = (name: string): boolean =>
        (vhost === undefined || virtualHostOf(name) === vhost) &&
        parts.entrances.mayRead(caller, callbackQueue(name))
      const scoped =
        callback === undefined || vhost === undefined
          ? undefined
          : parts.entrances.of(caller, vhost).names.callbackIn(callback)
      if (scoped !== undefined && !mayShow(scoped)) throw mayNotRead(caller.user, scoped)
      let total: number | undefined
      const page = await shownPage({
        limit: query.limit ?? pageDefault,
        after: parts.cursors.open(query.after),
        ask: async (cut) => {
          const only = scoped === undefined ? {} : { callback: scoped }
          const asked = await site.engine.inspection.notHome({ ...only, ...cut })
          total = asked.total
          return asked
        },
        mayShow: ({ callback: name }) => mayShow(name),
      })
      const mayTellTotal = scoped !== undefined || caller.has('monitoring')
      return {
        json: {
          notHome: page.rows.map(notHomeJson),
          total: mayTellTotal ? total : undefined,
          next: parts.cursors.seal(page.next),
        },
      }
    },
  })

const mayNotRead = (user: string, callback: string): HomingError =>
  new HomingError(
    'access-refused',
    `user "${user}" has no right to read queue "${baseName(callbackQueue(callback))}"`,
  )
