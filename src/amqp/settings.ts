/*
 * What an operator may set about connections, and what the server brings along for them.
 */

import type { HeaderTable } from '../embedded/routing/header-value.ts'
import { limits } from '../limits.ts'
import type { Authenticate, OpenVirtualHost, UpdateSecret } from './admission.ts'

export type Mechanism = 'PLAIN' | 'AMQPLAIN' | 'EXTERNAL'

export interface ConnectionSettings {
  /** Longest frame offered to clients, in bytes. */
  readonly frameMax: number
  /** Channels offered to clients. */
  readonly channelMax: number
  /** Seconds offered to clients; 0 for no heartbeats. */
  readonly heartbeat: number
  /** Longest body of one message, in bytes. */
  readonly bodyBytesMax: number
  /** As `connection.start` offers them. */
  readonly mechanisms: readonly Mechanism[]
  /** Beside the capabilities: product, version, platform … */
  readonly serverProperties: HeaderTable
  /** `rabbitmq-4.3` refuses what that version refuses; undefined accepts what 3.x accepts. */
  readonly compat: 'rabbitmq-4.3' | undefined
  readonly authenticate: Authenticate
  readonly openVirtualHost: OpenVirtualHost
  /** Undefined takes every new secret without looking at it. */
  readonly updateSecret: UpdateSecret | undefined
}

/** RabbitMQ's own defaults. */
export const connectionDefaults = {
  frameMax: 131_072,
  channelMax: 2_047,
  heartbeat: 60,
  bodyBytesMax: limits.bodyBytesMax,
  mechanisms: ['PLAIN', 'AMQPLAIN'],
  compat: undefined,
  updateSecret: undefined,
} as const satisfies Partial<ConnectionSettings>
