/*
 * Starting a server: on a data directory, or in memory for tests.
 */

import { resolve } from 'node:path'
import { systemClock } from '../clock.ts'
import { type EmbeddedOptions, engineOptions } from '../embedded/engine-options.ts'
import { openDirectory } from '../embedded/open.ts'
import type { HttpSettings } from '../http/http-settings.ts'
import { openOwnerSocket } from '../joined/owner-socket.ts'
import { openAuditLog } from './audit-log.ts'
import { BrokerServer, type BrokerServerParts } from './broker-server.ts'
import { openTraces, traceEndpoint } from './broker-traces.ts'
import { diskGauge, memoryGauge } from './gauges.ts'
import { openDefinitions } from './open-definitions.ts'
import type { RunningServer } from './running-server.ts'
import { noLog } from './server-log.ts'
import { checkSettings, type ServerSettings } from './server-settings.ts'

export interface StartedServer {
  readonly server: RunningServer
  /** The file with the administrator's password, when this was the first start. */
  readonly adminPasswordFile: string | undefined
}

/**
 * Opens the engine of a data directory behind AMQP. Fails with what opening the directory fails with, and
 * with `address-in-use`, `address-refused`, `bad-certificate`, `bad-argument`.
 */
export async function startServer(
  directory: string,
  settings: ServerSettings = {},
  options: EmbeddedOptions = {},
): Promise<StartedServer> {
  checkSettings(settings, 'startServer', ['listen'])
  const { log = noLog, adminPassword } = settings
  const endpoint = settings.tracing && traceEndpoint(settings.tracing)
  const path = resolve(directory)
  const { engine, lock } = await openDirectory(
    path,
    engineOptions({ onProblem: (text) => log.warn({}, text), ...options }),
    { joinable: true },
  )
  try {
    const { definitions, adminPasswordFile } = await openDefinitions(path, adminPassword)
    const traces = endpoint && openTraces(engine, endpoint, { clock: systemClock, log })
    const server = new BrokerServer({
      traces,
      audit: openAuditLog(path, { clock: systemClock, log }),
      engine,
      definitions,
      clock: systemClock,
      realClock: systemClock,
      gauges: (marks) => [
        memoryGauge(() => marks().memoryBytesMax),
        diskGauge(path, () => marks().diskFreeBytesMin),
      ],
      settings,
      directory: path,
      openOwnerSocket: (take) => openOwnerSocket(path, lock, take),
      ...(settings.http !== undefined && { openHttp: httpFrom(settings.http) }),
      ...(settings.definitionsFile !== undefined && {
        takeDefinitions: definitionsFrom(settings.definitionsFile),
      }),
    })
    await server.start()
    return { server, adminPasswordFile }
  } catch (error) {
    await engine.close()
    throw error
  }
}

/** Its code is not even loaded where there is no HTTP side. */
const httpFrom =
  (settings: HttpSettings): NonNullable<BrokerServerParts['openHttp']> =>
  async (site, limits) => {
    const { openHttp } = await import('../http/open-http.ts')
    return openHttp({ ...site, settings }, limits)
  }

const definitionsFrom =
  (path: string): NonNullable<BrokerServerParts['takeDefinitions']> =>
  async (into) => {
    const { takeDefinitions } = await import('../http/rabbitmq/definitions-file.ts')
    await takeDefinitions(path, into)
  }
