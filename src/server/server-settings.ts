/*
 * What can be set when a server is started.
 */

import type { ArrivalLimits } from '../amqp/arrivals.ts'
import type { ListenAddress } from '../amqp/listen-address.ts'
import { type Duration, durationMs } from '../duration.ts'
import type { HttpSettings } from '../http/http-settings.ts'
import { checkOptions } from '../known-options.ts'
import type { Secret } from '../secret.ts'
import { wholeNumber } from '../whole-number.ts'
import { productFrom } from './server-identity.ts'
import type { ServerLog } from './server-log.ts'

export interface ServerSettings {
  /** Default: port 5672 of 127.0.0.1. */
  readonly listen?: readonly ListenAddress[]
  /** Whether `guest` with the password `guest` may come in from this machine. Default true. */
  readonly guest?: boolean
  /** Whether passwords may come in plain text from other machines. Default false. */
  readonly allowPlaintext?: boolean
  /** Refuses what RabbitMQ 4.3 refuses. Default: accepts what RabbitMQ 3.x accepts. */
  readonly compat?: 'rabbitmq-4.3'
  /** What clients are told the product is: `NAME` or `NAME/VERSION`. Default: Homing and its version. */
  readonly product?: string
  /** Seconds between heartbeats that clients are offered. Default 60. */
  readonly heartbeat?: number
  /** Bytes of a frame that clients are offered. Default 131,072. */
  readonly frameMax?: number
  /** Channels of a connection that clients are offered. Default 2,047. */
  readonly channelMax?: number
  /** Bytes of memory in use above which publishers are blocked. Default: two fifths of the machine. */
  readonly memoryBytesMax?: number
  /** Bytes of free disk below which publishers are blocked. Default 64 MiB. */
  readonly diskFreeBytesMin?: number
  /** Caps on connections, in all and by address: AMQP has as many, and HTTP has as many. */
  readonly limits?: Partial<ArrivalLimits>
  /** Where HTTP listens: the API, the dashboard, health and metrics. Default: nowhere. */
  readonly http?: HttpSettings
  /** Who may read the metrics. Default: nobody. */
  readonly metrics?: MetricsSettings
  /** Where traces are sent. Default: nowhere. */
  readonly tracing?: TracingSettings
  /** A file of definitions that is brought in at each start. Default: none. */
  readonly definitionsFile?: string
  /** The password of the administrator that the first start makes. Default: a random one, told by a file. */
  readonly adminPassword?: Secret
  /** What a stop leaves clients to settle what they hold. Default 0. */
  readonly grace?: Duration
  /** Reads the configuration again, for a `reload()` that is given nothing. */
  readonly reloadConfiguration?: () => Promise<Reloaded>
  /** Where it tells what happens. Default: nowhere. */
  readonly log?: ServerLog
}

/** What came of a reload. */
export interface Reloaded {
  /** Names of settings; `tls` for certificates and keys. */
  readonly changed: readonly string[]
  readonly needsRestart: readonly string[]
}

export interface MetricsSettings {
  /** `users` with the tag monitoring or administrator; `local`: besides those, whoever asks from this machine. */
  readonly access: 'users' | 'local' | 'everyone'
}

export interface TracingSettings {
  readonly endpoint: string
}

const bounds: Readonly<Record<string, readonly [min: number, max: number]>> = {
  heartbeat: [0, 65_535],
  frameMax: [8_192, 2 ** 31 - 1],
  channelMax: [1, 65_535],
  memoryBytesMax: [1, Number.MAX_SAFE_INTEGER],
  diskFreeBytesMin: [0, Number.MAX_SAFE_INTEGER],
}

const known: readonly string[] = [
  ...['guest', 'allowPlaintext', 'compat', 'product', 'limits', 'log'],
  ...[
    'http',
    'metrics',
    'tracing',
    'adminPassword',
    'definitionsFile',
    'grace',
    'reloadConfiguration',
  ],
  ...Object.keys(bounds),
]

/** Fails with `unknown-option`, `bad-argument`; `more` are options of the caller's own. */
export function checkSettings(
  settings: ServerSettings,
  of: string,
  more: readonly string[] = [],
): void {
  checkOptions(settings, new Set([...known, ...more]), of)
  for (const [name, [min, max]] of Object.entries(bounds)) {
    const value: unknown = settings[name as keyof ServerSettings]
    if (value !== undefined) wholeNumber(value, name, min, max)
  }
  if (settings.grace !== undefined) durationMs(settings.grace, 'grace')
  if (settings.product !== undefined) productFrom(settings.product)
}
