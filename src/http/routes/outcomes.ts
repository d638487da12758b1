/*
 * Outcomes: of one message, as a list, grouped by what went wrong.
 */

import { z } from 'zod'
import { baseName, defaultVirtualHost, virtualHostOf } from '../../scoped-name.ts'
import type { Call } from '../call.ts'
import type { Entrance } from '../entrances.ts'
import { rangeFrom, scopeOf } from '../list-scope.ts'
import { throwIfEnded } from '../open-requests.ts'
import { pageDefault, pageNames, rangeNames, shownBytesDefault, shownNames } from '../page-query.ts'
import { outcomePlace } from '../places.ts'
import { preferenceFrom, preferenceHeader } from '../prefer.ts'
import { askedOutcome } from '../results/asked-outcome.ts'
import { outcomeAnswer, outcomeJson } from '../results/outcome-answer.ts'
import { outcomeWithin } from '../results/outcome-wait.ts'
import { type Answer, type Route, route } from '../route.ts'
import type { RouteParts } from '../route-parts.ts'
import {
  failedOutcome,
  failurePage,
  outcome,
  outcomePage,
  type PendingJson,
  pending,
} from '../shapes/outcome-shapes.ts'
import { shownPage } from '../shown-page.ts'

const finished = ['finishedSinceMs', 'finishedBeforeMs'] as const

export const outcomeRoutes = (parts: RouteParts): readonly Route[] => [
  oneOutcome(parts),
  listOutcomes(parts),
  listFailures(parts),
]

const oneOutcome = (parts: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/outcomes/{id}',
    summary: 'Ask what became of a message, and wait for it if you prefer to',
    tag: 'Outcomes',
    access: 'user',
    virtualHostInQuery: 'one',
    query: z.strictObject({
      vhost: z.string().optional(),
      /** The outcome as JSON with all that is known of it, also when it is no result. */
      as: z.literal('json').optional(),
    }),
    answers: {
      200: {
        description: 'The result as its consumer wrote it; with `as=json` the whole outcome.',
        schema: outcome,
        contentType: '*/*',
      },
      202: { description: 'It is not home yet.', schema: pending },
      422: {
        description: 'It came home, and is no result.',
        schema: failedOutcome,
        contentType: 'application/problem+json',
      },
    },
    async handle(call) {
      const { site, query } = call
      const entrance = parts.entrances.of(call.caller, query.vhost ?? defaultVirtualHost)
      const { inspection } = site.engine
      const asking = { engine: site.engine, inspection, entrance }
      const first = await askedOutcome(asking, call.param('id'))
      const preference = preferenceFrom(call.headers.get('prefer'))
      const isLate = first.state !== 'final' && preference.waitMs > 0
      const come = isLate ? await waitedFor(parts, call, entrance) : undefined
      const headers = preferenceHeader(preference)
      const { virtualHost, names } = entrance
      const found = first.state === 'final' ? first.outcome : come && names.outcomeOut(come)
      if (found === undefined)
        return pendingAnswer(call, { virtualHost, state: first.state, headers })
      if (query.as === 'json') return { headers, json: outcomeJson(found, virtualHost) }
      return outcomeAnswer(found, virtualHost, headers)
    },
  })

async function waitedFor(
  { openRequests }: RouteParts,
  { site, caller, signal, headers, param }: Call,
  { names }: Entrance,
): ReturnType<typeof outcomeWithin> {
  using open = openRequests.begin(caller, signal)
  const { waitMs } = preferenceFrom(headers.get('prefer'))
  const wait = { id: names.idIn(param('id')), waitMs, signal: open.signal }
  const come = await outcomeWithin(site.engine, site.clock, wait)
  throwIfEnded(open.signal)
  return come
}

interface Pending {
  readonly virtualHost: string
  readonly state: string
  readonly headers: Readonly<Record<string, string>>
}

function pendingAnswer(call: Call, { virtualHost, state, headers }: Pending): Answer {
  const id = call.param('id')
  const place = outcomePlace(virtualHost, id)
  const json = { id, vhost: virtualHost, state, outcome: place } as PendingJson
  return { status: 202, headers: { ...headers, location: place, 'retry-after': '1' }, json }
}

const listOutcomes = (parts: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/outcomes',
    summary: 'List outcomes, newest first',
    tag: 'Outcomes',
    access: 'user',
    virtualHostInQuery: 'any',
    query: z.strictObject({
      vhost: z.string().optional(),
      queue: z.string().optional(),
      /** `ok`, `failed` (everything else), or an exact code. */
      code: z.string().optional(),
      idPrefix: z.string().optional(),
      ...rangeNames,
      ...pageNames,
      ...shownNames,
    }),
    answers: { 200: { description: 'A page of outcomes.', schema: outcomePage } },
    async handle({ site, caller, query }) {
      const scope = scopeOf(parts, caller, query)
      const { inspection } = site.engine
      const { code } = query
      const filter = {
        ...scope.filter,
        ...(code !== undefined && { code }),
        ...rangeFrom(query, site.engine.nowMs(), finished),
      }
      const page = await shownPage({
        limit: query.limit ?? pageDefault,
        after: parts.cursors.open(query.after),
        ask: async (cut) => {
          const { outcomes, next } = await inspection.outcomes({ ...filter, ...cut })
          return { rows: outcomes, next }
        },
        mayShow: ({ queue }) => scope.mayShow(queue),
      })
      const bytesMax = query.bodyBytesMax ?? shownBytesDefault
      const rows = page.rows.map((row) =>
        outcomeJson(
          { ...row, id: baseName(row.id), queue: baseName(row.queue) },
          virtualHostOf(row.queue),
          bytesMax,
        ),
      )
      return { json: { outcomes: rows, next: parts.cursors.seal(page.next) } }
    },
  })

const listFailures = (parts: RouteParts): Route =>
  route({
    method: 'get',
    path: '/api/failures',
    summary: 'Group what failed by queue, code and message, most frequent first',
    tag: 'Outcomes',
    access: 'user',
    virtualHostInQuery: 'any',
    query: z.strictObject({
      vhost: z.string().optional(),
      queue: z.string().optional(),
      ...rangeNames,
      limit: pageNames.limit,
    }),
    answers: { 200: { description: 'Groups of failures.', schema: failurePage } },
    async handle({ site, caller, query }) {
      const scope = scopeOf(parts, caller, query)
      const { inspection } = site.engine
      const { groups, examined, complete } = await inspection.failures({
        ...scope.filter,
        ...rangeFrom(query, site.engine.nowMs(), finished),
        limit: query.limit ?? pageDefault,
      })
      const shown = groups.filter(({ queue }) => scope.mayShow(queue))
      return {
        json: {
          groups: shown.map((group) => ({
            ...group,
            vhost: virtualHostOf(group.queue),
            queue: baseName(group.queue),
            lastId: baseName(group.lastId),
          })),
          // How much others failed is not for who may not read it.
          examined: shown.length === groups.length ? examined : sumOf(shown),
          complete,
        },
      }
    },
  })

const sumOf = (groups: readonly { readonly count: number }[]): number =>
  groups.reduce((sum, { count }) => sum + count, 0)
