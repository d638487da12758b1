/*
 * A running server as its HTTP side looks at it.
 */

import { X509Certificate } from 'node:crypto'
import type { ConnectionFacts } from '../amqp/connection-facts.ts'
import type { ListenAddress } from '../amqp/listen-address.ts'
import type { CertificateFacts, ServerFacts } from '../http/site.ts'
import type { Admissions } from './admissions.ts'
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
  readonly directory: string | undefined
  readonly sessions: LiveSessions
  readonly admissions: Admissions
}

type Served = Omit<RunningServer, 'reload' | 'close'> & {
  closeConnection(name: string, reason: string): boolean
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
    const { sessions, admissions } = this.#parts
    return { ...sessions.totals, loginsRefused: admissions.refusedCount }
  }

  connections(): readonly ConnectionFacts[] {
    return this.#server.connections()
  }

  closeConnection(name: string, reason: string): boolean {
    return this.#server.closeConnection(name, reason)
  }

  certificates(): readonly CertificateFacts[] {
    const { listen = [], http } = this.#parts.settings()
    const { listening, httpListening } = this.#server
    return [
      ...certificatesOf(listen, listening),
      ...certificatesOf(http?.listen ?? [], httpListening),
    ]
  }

  resources(): Promise<Resources> {
    const { settings, directory } = this.#parts
    return readResources(marksOf(settings()), directory)
  }
}

/** `listening` has the ports that the system chose. */
function certificatesOf(
  addresses: readonly ListenAddress[],
  listening: readonly { readonly port: number }[],
): readonly CertificateFacts[] {
  return addresses.flatMap((address, n) => {
    if (!('tls' in address) || address.tls === undefined) return []
    const { validToDate } = new X509Certificate(address.tls.cert)
    return [{ port: listening[n]?.port ?? address.port, endsAtMs: validToDate.getTime() }]
  })
}
