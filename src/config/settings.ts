/*
 * Everything that `homing serve` can be told: the one table of which validation, flags, the names in the
 * environment, `homing config show` and docs/configuration.md are made.
 *
 * Rule: a setting that is not here does not exist. Keys are `section.name`; words of a name are joined by
 * `_`, as in the environment.
 */

import { limits } from '../limits.ts'
import {
  choice,
  count,
  duration,
  type Kind,
  path,
  port,
  seconds,
  secret,
  size,
  sync,
  text,
  texts,
  toggle,
} from './kinds.ts'

export interface Setting<Value> {
  readonly kind: Kind<NonNullable<Value>>
  /** Undefined: not set. */
  readonly default: Value
  /** What stands in place of the default where that is worked out at the start. */
  readonly defaultText?: string
  readonly help: string
  /** As commander takes it. A flag that begins with `--no-` sets false. */
  readonly flag?: string
  /** What the flag does, where the sentence does not say it. */
  readonly flagHelp?: string
  /** Whether a reload changes it while the server runs. */
  readonly reloads: boolean
}

type Rest = Partial<Pick<Setting<unknown>, 'defaultText' | 'flag' | 'flagHelp' | 'reloads'>>

/** A setting that always has a value. */
const set = <Value>(
  kind: Kind<Value>,
  value: NoInfer<Value>,
  help: string,
  { reloads = false, ...rest }: Rest = {},
): Setting<Value> => ({
  kind: kind as unknown as Kind<NonNullable<Value>>,
  default: value,
  help,
  reloads,
  ...rest,
})

/** A setting that may have none. */
const maybe = <Value>(
  kind: Kind<Value>,
  help: string,
  { reloads = false, ...rest }: Rest = {},
): Setting<Value | undefined> => ({
  kind: kind as unknown as Kind<NonNullable<Value | undefined>>,
  default: undefined,
  help,
  reloads,
  ...rest,
})

const on = true
const reloads = true

export const settings = {
  data: set(path, './data', 'The data directory.'),
  bind: set(text, '127.0.0.1', 'The address to listen on; 0.0.0.0 and :: are all of them.', {
    flag: '--bind <address>',
  }),
  definitions: maybe(
    path,
    'A file with virtual hosts, users, permissions and policies, in the JSON of Homing or of RabbitMQ, brought in at each start.',
    { flag: '--definitions <file>' },
  ),
  admin_password: maybe(
    secret,
    'The password of the user admin, when the first start makes it. Without it a random one is made, and stands in the file admin-password of the data directory.',
  ),

  'amqp.enabled': set(toggle, on, 'AMQP without TLS.', {
    flag: '--no-amqp',
    flagHelp: 'no AMQP without TLS',
  }),
  'amqp.port': set(port, 5_672, 'The port of AMQP; 0 for any that is free.', {
    flag: '--amqp-port <port>',
  }),
  'amqp.tls_port': maybe(port, 'The port of AMQP over TLS. It needs `tls.cert` and `tls.key`.', {
    flag: '--amqps-port <port>',
  }),
  'amqp.guest': set(toggle, on, 'Whether guest comes in, from this machine only.', {
    flag: '--no-guest',
    flagHelp: 'nobody comes in as guest',
    reloads,
  }),
  'amqp.allow_plaintext': set(toggle, false, 'Passwords from other machines need no TLS.', {
    flag: '--allow-plaintext',
    reloads,
  }),
  'amqp.compat': maybe(choice(['rabbitmq-4.3']), 'Refuses what that version refuses.', {
    flag: '--compat <version>',
  }),
  'amqp.product': maybe(text, 'What clients are told it is, `NAME` or `NAME/VERSION`.', {
    flag: '--compat-product <name>',
    defaultText: 'Homing and its version',
  }),
  'amqp.heartbeat': set(seconds(65_535), 60, 'Offered to clients; 0 for none.', {
    flag: '--heartbeat <seconds>',
    reloads,
  }),
  'amqp.frame_max': set(size(8_192, 2 ** 31 - 1), 131_072, 'Longest frame offered to clients.', {
    reloads,
  }),
  'amqp.channel_max': set(count(1, 65_535), 2_047, 'Channels of a connection offered to clients.', {
    reloads,
  }),

  'tls.cert': maybe(path, 'The certificate of the server and those above it, PEM.', {
    flag: '--tls-cert <file>',
    reloads,
  }),
  'tls.key': maybe(path, 'Its key, PEM.', { flag: '--tls-key <file>', reloads }),
  'tls.key_passphrase': maybe(secret, 'What the key is encrypted with.', { reloads }),
  'tls.ca': maybe(path, 'Authorities for certificates of clients, PEM.', {
    flag: '--tls-ca <file>',
    reloads,
  }),
  'tls.verify_peer': set(toggle, false, 'Refuses clients without a certificate of theirs.', {
    flag: '--tls-verify-peer',
  }),
  'tls.user_from': set(
    choice(['common-name', 'subject-alternative-name']),
    'common-name',
    'What of the certificate names the user.',
    { flag: '--tls-user-from <field>' },
  ),
  'tls.watch': set(
    duration,
    60_000,
    'Time between two looks whether the files were changed; "0s" for none.',
  ),

  'http.enabled': set(toggle, on, 'HTTP: the API, the dashboard, health and metrics.', {
    flag: '--no-http',
    flagHelp: 'no HTTP',
  }),
  'http.bind': maybe(text, 'The address for HTTP.', {
    flag: '--http-bind <address>',
    defaultText: '`bind`',
  }),
  'http.port': set(port, 15_672, 'The port of HTTP; 0 for any that is free.', {
    flag: '--http-port <port>',
  }),
  'http.tls_port': maybe(
    port,
    'The port of HTTPS, in place of HTTP. It needs `tls.cert` and `tls.key`.',
    { flag: '--https-port <port>' },
  ),
  'http.read_only': set(toggle, false, 'Nothing can be changed by HTTP.', {
    flag: '--http-read-only',
  }),
  'http.backup_folder': maybe(
    path,
    'The folder that backups by HTTP go to, each under a name of its own in it; without it there are none.',
  ),
  'http.host_names': set(
    texts,
    [],
    'Names under which HTTP is reached beside its addresses and localhost; others are refused, since a page could let its own name point to this machine.',
  ),

  'log.level': set(
    choice(['debug', 'info', 'warn', 'error']),
    'info',
    'The least that is logged.',
    { flag: '--log-level <level>', reloads },
  ),
  'log.format': set(choice(['text', 'json']), 'text', 'Lines for people, or a JSON object each.', {
    flag: '--log-format <format>',
  }),
  'log.file': maybe(path, 'A file to append to, in place of stderr; opened again at a reload.', {
    flag: '--log-file <file>',
  }),

  'metrics.enabled': set(toggle, on, 'Whether HTTP has /metrics.'),
  'metrics.access': set(
    choice(['users', 'local', 'everyone']),
    'users',
    'Who may read it: users with the tag monitoring or administrator; besides those, whoever asks from this machine; everyone.',
  ),

  'tracing.endpoint': maybe(
    text,
    'Where OpenTelemetry traces are sent, such as `http://127.0.0.1:4318/v1/traces`.',
  ),

  'limits.connections': set(count(1, 10_000_000), limits.connectionsMax, 'Connections.', {
    reloads,
  }),
  'limits.connections_per_address': set(
    count(1, 10_000_000),
    limits.connectionsPerAddressMax,
    'Connections from one address.',
    { reloads },
  ),
  'limits.handshakes': set(
    count(1, 10_000_000),
    limits.handshakesMax,
    'Connections that have not logged in.',
    { reloads },
  ),
  'limits.handshakes_per_address': set(
    count(1, 10_000_000),
    limits.handshakesPerAddressMax,
    'Connections from one address that have not logged in.',
    { reloads },
  ),

  'alarms.memory': maybe(size(1), 'Memory in use above which publishers are blocked.', {
    flag: '--memory-limit <size>',
    defaultText: 'two fifths of the machine or container',
    reloads,
  }),
  'alarms.disk_free': set(
    size(0),
    limits.diskFreeBytesMin,
    'Free disk below which publishers are blocked.',
    { flag: '--disk-free <size>', reloads },
  ),

  'storage.sync': set(
    sync,
    'always',
    'When a message is confirmed: after each sync; after the write, synced every so often; after the write, never synced.',
  ),
  'storage.retain_for': set(duration, limits.retainMsDefault, 'How long outcomes are kept.'),
  'storage.retain_count': set(
    count(0, 2 ** 32 - 1),
    limits.retainCountMax,
    'How many outcomes are kept.',
  ),
  'storage.segment': set(size(4_096, 2 ** 30), limits.segmentBytes, 'A journal segment.'),
  'storage.checkpoint': set(
    size(4_096, 2 ** 32 - 1),
    limits.checkpointBytes,
    'Journal between two checkpoints.',
  ),
  'storage.index_memory': set(
    size(0, 2 ** 32 - 1),
    limits.indexBytesMax,
    'Queue index in memory; the rest is on disk.',
  ),
  'storage.tail_memory': set(
    size(0, 2 ** 32 - 1),
    limits.tailBytesMax,
    'Fresh messages in memory.',
  ),
  'storage.reserve': set(
    size(0, 2 ** 32 - 1),
    limits.reserveBytes,
    'Kept free for settling when the disk is full.',
  ),

  'shutdown.grace': set(
    duration,
    limits.drainMsDefault,
    'What a stop leaves clients to settle what they hold, before it goes back into the queues.',
    { reloads },
  ),
} as const

export type SettingKey = keyof typeof settings

/** A value for each setting. */
export type SettingValues = {
  readonly [Key in SettingKey]: (typeof settings)[Key] extends Setting<infer Value> ? Value : never
}

export const settingKeys = Object.keys(settings) as readonly SettingKey[]

export const isSettingKey = (key: string): key is SettingKey => Object.hasOwn(settings, key)

/** The row without what differs from row to row. */
export const settingOf = (key: SettingKey): Setting<unknown> =>
  settings[key] as unknown as Setting<unknown>

/** `amqp.tls_port` is `HOMING_AMQP_TLS_PORT`. */
export const environmentName = (key: SettingKey): string =>
  `HOMING_${key.toUpperCase().replaceAll('.', '_')}`
