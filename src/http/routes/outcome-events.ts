/*
 * Outcomes as they come, as server-sent events: those of a queue, or of some ids.
 *
 *   ?queue=   `outcome` for each; `gap` when too many came at once. Last-Event-ID brings what came meanwhile
 *   ?ids=     `outcome` for each, `unknown` for ids without one, `progress` while it is worked on; then `done`
 */

import { z } from 'zod'
import { HomingError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import { checkId } from '../../name.ts'
import { defaultVirtualHost } from '../../scoped-name.ts'
import type { Call } from '../call.ts'
import type { Entrance } from '../entrances.ts'
import { bodyJson, outcomeJson } from '../results/outcome-answer.ts'
import { markFrom, markText, OutcomeFeed } from '../results/outcome-feed.ts'
import { type Answer, type Route, route } from '../route.ts'
import type { RouteParts } from '../route-parts.ts'
import { type EventStream, eventStreamHeaders } from '../streams.ts'

export const outcomeEventRoutes = (parts: RouteParts): readonly Route[] => [outcomeEvents(parts)]

interface Query {
  readonly vhost?: string | undefined
  readonly queue?: string | undefined
  readonly ids?: string | undefined
}

const doneMark = 'done'

const outcomeEvents = (parts: RouteParts): Route =>
  route<Query>({
    method: 'get',
    path: '/api/outcome-events',
    summary: 'Server-sent events: outcomes of a queue or of some ids, as they come home',
    tag: 'Outcomes',
    access: 'user',
    virtualHostInQuery: 'one',
    query: z.strictObject({
      vhost: z.string().optional(),
      queue: z.string().optional(),
      /** With commas between them, each encoded as a part of a path. */
      ids: z.string().optional(),
    }),
    answers: {
      200: { description: 'The stream.', contentType: 'text/event-stream' },
      204: {
        description: 'All outcomes of these ids were told: there is nothing to come again for.',
      },
    },
    handle(call) {
      const { query, caller } = call
      const entrance = parts.entrances.of(caller, query.vhost ?? defaultVirtualHost)
      if ((query.queue === undefined) === (query.ids === undefined)) {
        throw new HomingError('bad-argument', 'give either queue or ids')
      }
      return query.queue === undefined
        ? ofIds(parts, call, entrance)
        : ofQueue(parts, call, { entrance, queue: query.queue })
    },
  })

function ofQueue(
  { streams, sampler }: RouteParts,
  { site, caller, headers, signal }: Call<Query>,
  { entrance, queue }: { readonly entrance: Entrance; readonly queue: string },
): Answer {
  const { access, names, virtualHost } = entrance
  if (!access.mayRead(queue)) access.refuse(`to read what became of messages in queue '${queue}'`)
  const { inspection } = site.engine
  const scoped = names.in(queue)
  if (inspection.queue(scoped) === undefined) {
    throw new HomingError('queue-unknown', `there is no queue "${queue}"`)
  }
  const mark = markFrom(headers.get('last-event-id')) ?? { finishedAtMs: site.engine.nowMs() }
  const feed = new OutcomeFeed(inspection, scoped, mark)
  const stream = streams.open(caller, signal)
  const round = async (): Promise<void> => {
    const { outcomes, isCut } = await feed.next()
    if (isCut) stream.mustSend({ event: 'gap', data: { queue, vhost: virtualHost } })
    for (const outcome of outcomes) {
      const data = outcomeJson(names.outcomeOut(outcome), virtualHost, limits.httpShownBytesMax)
      stream.mustSend({ event: 'outcome', data, id: markText(outcome) })
    }
  }
  const rounds = oneAfterTheOther(round, () => stream.close())
  rounds()
  stream.over.addEventListener('abort', sampler.watch(rounds), { once: true })
  return { headers: eventStreamHeaders, body: stream.body }
}

/** Begins no second round before the first is over. */
function oneAfterTheOther(round: () => Promise<void>, failed: () => void): () => void {
  let isRunning = false
  return () => {
    if (isRunning) return
    isRunning = true
    round()
      .catch(failed)
      .finally(() => {
        isRunning = false
      })
  }
}

async function ofIds(
  { streams }: RouteParts,
  { site, caller, query, headers, signal }: Call<Query>,
  { access, names, virtualHost }: Entrance,
): Promise<Answer> {
  if (headers.get('last-event-id') === doneMark) return { status: 204 }
  if (!access.mayAskById) access.refuse('to watch messages by their id')
  const ids = idsFrom(query.ids ?? '')
  const stream = streams.open(caller, signal)
  const waiting = new Set(ids)
  const ended = (id: string): void => {
    if (!waiting.delete(id) || waiting.size > 0) return
    stream.mustSend({ event: 'done', data: { outcomes: ids.length }, id: doneMark })
    stream.close()
  }
  const told = (id: string, outcome: StoredOutcome): void => {
    const data = outcomeJson(names.outcomeOut(outcome), virtualHost, limits.httpShownBytesMax)
    stream.mustSend({ event: 'outcome', data })
    ended(id)
  }
  for (const id of ids) {
    if (stream.over.aborted) break
    const { state } = await site.engine.answer(names.idIn(id))
    if (state === 'unknown' || state === 'forgotten') {
      stream.mustSend({ event: 'unknown', data: { id, vhost: virtualHost, code: state } })
      ended(id)
      continue
    }
    watchOne(site, { id, scoped: names.idIn(id), stream, told: (outcome) => told(id, outcome) })
  }
  return { headers: eventStreamHeaders, body: stream.body }
}

interface Watched {
  readonly id: string
  readonly scoped: string
  readonly stream: EventStream
  readonly told: (outcome: StoredOutcome) => void
}

function watchOne({ engine }: Call['site'], { id, scoped, stream, told }: Watched): void {
  const stopProgress = engine.watchProgress(scoped, (body, contentType) => {
    const shown = bodyJson(contentType, body, limits.httpShownBytesMax)
    stream.send({ event: 'progress', data: { id, ...shown } })
  })
  const stopWaiting = engine.whenFinal(scoped, (outcome) => {
    stopProgress()
    if (!stream.over.aborted) told(outcome)
  })
  stream.over.addEventListener(
    'abort',
    () => {
      stopProgress()
      stopWaiting()
    },
    { once: true },
  )
}

/** Fails with `bad-argument`. */
function idsFrom(text: string): readonly string[] {
  const ids = [...new Set(text.split(',').map(decoded))]
  if (ids.length > limits.httpWatchedIdsMax) {
    throw new HomingError(
      'bad-argument',
      `${ids.length} ids are asked for, ${limits.httpWatchedIdsMax} are allowed; open another stream for the others`,
    )
  }
  for (const id of ids) checkId(id)
  return ids
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (cause) {
    throw new HomingError('bad-argument', `"${part.slice(0, 60)}" is not encoded as a URL is`, {
      cause,
    })
  }
}
