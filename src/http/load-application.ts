/*
 * The application behind the ports, put together: loaded late, since most of a start would be spent here.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { application, type FromSocket } from './application.ts'
import { Authentication } from './authentication.ts'
import { BrowserSessions } from './browser-sessions.ts'
import { Leases } from './consuming/leases.ts'
import { Cursors } from './cursors.ts'
import { Entrances } from './entrances.ts'
import { LiveRowsReading } from './figures/live-rows.ts'
import { Sampler } from './figures/sampler.ts'
import type { AnswerRequest } from './http-server.ts'
import { ServerMetrics } from './metrics/server-metrics.ts'
import { OpenRequests } from './open-requests.ts'
import { routesOf } from './routes.ts'
import { Serving } from './serving.ts'
import type { Site } from './site.ts'
import { StaticFiles } from './static-files.ts'
import { Streams } from './streams.ts'

export interface LoadedApplication {
  readonly answer: AnswerRequest
  /** Ends what streams, and forgets sessions. */
  close(): void
}

export function loadApplication(site: Site): LoadedApplication {
  const sessions = new BrowserSessions(site.clock)
  const streams = new Streams()
  const authentication = new Authentication(site.admissions, sessions)
  const hostNames = new Set(site.settings.hostNames ?? [])
  const entrances = new Entrances(site.hosts, site.definitions)
  const openRequests = new OpenRequests()
  const leases = new Leases({
    ...site,
    onProblem: (error) => site.log.warn({ error }, 'HTTP: a delivery could not be given back'),
  })
  const sampler = new Sampler({
    engine: site.engine.inspection,
    clock: site.clock,
    onProblem: (error) => site.log.warn({ error }, 'figures could not be sampled'),
  })
  const files = new StaticFiles()
  const metrics = new ServerMetrics(site)
  const app = application({
    routes: routesOf({
      ...{ sessions, authentication, streams, entrances, openRequests, leases, sampler, metrics },
      liveRows: new LiveRowsReading(sampler),
      cursors: new Cursors(),
    }),
    serving: new Serving({ site, authentication, origin: { hostNames } }),
    page: (path, request) => files.find(path, request),
  })
  const unwatch = site.definitions.watch((before, after) => {
    for (const user of sessions.changed(before, after)) {
      streams.closeAllOf(user)
      openRequests.closeAllOf(user)
      leases.giveBackAllOf(user)
    }
  })
  const listen = (from: FromSocket): ReturnType<typeof getRequestListener> =>
    getRequestListener((request) => app(request, from), { overrideGlobalObjects: false })
  const listeners = new WeakMap<FromSocket, ReturnType<typeof getRequestListener>>()
  return {
    answer: (incoming: IncomingMessage, outgoing: ServerResponse, from) => {
      const listener = listeners.get(from) ?? listen(from)
      listeners.set(from, listener)
      void listener(incoming, outgoing)
    },
    close: () => {
      unwatch()
      metrics.close()
      streams.close()
      openRequests.close()
      leases.close()
      sampler.close()
    },
  }
}
