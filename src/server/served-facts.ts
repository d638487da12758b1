/*
 * A running server as its HTTP side looks at it.
 */

import type { ConnectionFacts } from '../amqp/connection-facts.ts'
import type { CertificateFacts, ServerFacts } from '../http/site.ts'
import type { Admissions } from './admissions.ts'
import type { BrokerTraces } from './broker-traces.ts'
import { certificatesOf } from './certificates.ts'
import { marksOf } from './gauges.ts'
import type { LiveSessions } from './live-sessions.ts'
import { type Resources, readResources } from './resources.ts'
import type { RunningServer } from './running-server.ts'
import { productFrom } from './server-identity.ts'
import type { MetricsSettings, ServerSettings } from './server-settings.ts'
import type { ServerTotals } from './server-totals.ts'

export interface ServedParts {
  /** Those in force. */
  readonly settings: () => ServerSettings
  readonly isStopping: () => boolean
  readonly watchAlarms: () => void
  readonly directory: string | undefined
  readonly sessions: LiveSessions
  readonly admissions: Admissions
  readonly traces: BrokerTraces | undefined
}

type Served = Omit<RunningServer, 'reload' | 'close'> & {
  closeConnection(name: string, reason: string): boolean
  cancelConsumer(connection: string, channel: number, consumerTag: string): boolean
}

export class ServedFacts implements ServerFacts {
  readonly startedAtMs = Date.now()
  readonly product: string
  readonly version: string
  readonly #server: Served
  readonly #parts: ServedParts

  constructor(server: Served, parts: ServedParts) {
    const { name, version } = productFrom(parts.settings().product)
    this.product = name
    this.version = version
    this.#server = server
    this.#parts = parts
  }

  get listening(): readonly string[] {
    const { listening, httpListening } = this.#server
    return [...listening, ...httpListening].map(({ url }) => url)
  }

  get isStopping(): boolean {
    return this.#parts.isStopping()
  }

  get blockedFor(): string | undefined {
    return this.#server.blockedFor
  }

  get metricsAccess(): MetricsSettings['access'] | undefined {
    return this.#parts.settings().metrics?.access
  }

  get totals(): ServerTotals {
    const { sessions, admissions, traces } = this.#parts
    return {
      ...sessions.totals,
      loginsRefused: admissions.refusedCount,
      spansSent: traces?.sent ?? 0,
      spansDropped: traces?.dropped ?? 0,
    }
  }

  watchAlarms(): void {
    this.#parts.watchAlarms()
  }

  connections(): readonly ConnectionFacts[] {
    return this.#server.connections()
  }

  closeConnection(name: string, reason: string): boolean {
    return this.#server.closeConnection(name, reason)
  }

  certificates(): readonly CertificateFacts[] {
    return certificatesOf(this.#parts.settings(), this.listening)
  }

  cancelConsumer(connection: string, channel: number, consumerTag: string): boolean {
    return this.#server.cancelConsumer(connection, channel, consumerTag)
  }

  resources(): Promise<Resources> {
    const { settings, directory } = this.#parts
    return readResources(marksOf(settings()), directory)
  }
}
