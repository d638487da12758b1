/*
 * What the HTTP side works on: the parts of a running server.
 */

import type { ConnectionFacts } from '../amqp/connection-facts.ts'
import type { Clock } from '../clock.ts'
import type { Broker } from '../embedded/broker.ts'
import type { AccountLimits } from '../server/account-limits.ts'
import type { Accounts } from '../server/accounts.ts'
import type { Admissions } from '../server/admissions.ts'
import type { AuditLog } from '../server/audit-log.ts'
import type { DefinitionsStore } from '../server/definitions-store.ts'
import type { KnownHosts } from '../server/known-hosts.ts'
import type { Policies } from '../server/policies.ts'
import type { ServerLog } from '../server/server-log.ts'
import type { HttpSettings } from './http-settings.ts'

export interface Site {
  readonly engine: Broker
  readonly definitions: DefinitionsStore
  readonly audit: AuditLog
  readonly accounts: Accounts
  readonly policies: Policies
  readonly limits: AccountLimits
  readonly admissions: Admissions
  readonly hosts: KnownHosts
  readonly server: ServerFacts
  readonly clock: Clock
  readonly log: ServerLog
  readonly settings: HttpSettings
}

export interface CertificateFacts {
  /** Of the port it is for. */
  readonly url: string
  readonly validUntilMs: number
}

/** The server itself, as far as it can be looked at and told something. */
export interface ServerFacts {
  readonly startedAtMs: number
  /** What clients are told it is: product and version. */
  readonly product: string
  readonly version: string
  /** URLs of all ports. */
  readonly listening: readonly string[]
  /** It takes no more clients. */
  readonly isStopping: boolean
  /** Why publishers are blocked; undefined when they are not. */
  readonly blockedFor: string | undefined
  /** Somebody publishes: what would block publishers is looked at from now on. */
  watchAlarms(): void
  /** Of the ports with TLS. */
  certificates(): readonly CertificateFacts[]
  connections(): readonly ConnectionFacts[]
  /** Ends the connection of that name; false when there is none. */
  closeConnection(name: string, reason: string): boolean
  /** Ends a consumer and tells its client; false when there is none of that tag. */
  cancelConsumer(connection: string, channel: number, consumerTag: string): boolean
}
