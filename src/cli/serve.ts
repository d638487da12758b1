/*
 * `homing serve`: the engine of a data directory behind AMQP 0-9-1.
 *
 *   start ─▶ one line on stdout: where it listens ─▶ log lines on stderr
 *   Ctrl-C, SIGTERM ─▶ clients told, what they hold goes back, journal closed ─▶ 0
 *   again ─▶ ends at once
 */

import { setFlagsFromString } from 'node:v8'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { ServerLog, StartedServer } from '../server.ts'
import {
  type CommonOptions,
  commonOptions,
  type Define,
  examples,
  type Invocation,
  wholeNumberFrom,
} from './command.ts'
import { refuseForeign } from './open-home.ts'
import {
  addressesFrom,
  type HttpOptions,
  httpAddressesFrom,
  type ListenOptions,
} from './serve-addresses.ts'

interface ServeOptions extends CommonOptions, ListenOptions, HttpOptions {
  readonly guest: boolean
  readonly allowPlaintext?: true
  readonly compat?: 'rabbitmq-4.3'
  readonly compatProduct?: string
  readonly heartbeat?: number
  readonly memoryLimit?: number
  readonly diskFree?: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

const help = examples([
  ['homing serve', 'on port 5672 of this machine, data in ./data'],
  ['homing serve --amqp-port 0 --json', 'on a free port, told as JSON'],
  [
    'homing serve --bind 0.0.0.0 --amqps-port 5671 --tls-cert c.pem --tls-key k.pem --no-amqp',
    'for other machines, with TLS only',
  ],
])

const notes = `
The first start makes the user guest, who comes in from this machine only, and the user admin, with a
password that stands in the file admin-password of the data directory. homing user manages others.
Passwords over a connection without TLS are taken from this machine only, unless --allow-plaintext.
`

export const defineServe: Define = (command, invocation) => {
  options(command)
    .addHelpText('after', help + notes)
    .action(async (given: ServeOptions) => {
      refuseForeign(given.data)
      await serve(invocation, given)
    })
}

function options(command: Command): Command {
  return tlsOptions(commonOptions(command))
    .option('--bind <address>', 'address to listen on', '127.0.0.1')
    .option('--amqp-port <port>', 'port of AMQP; 0 for any that is free', port, 5672)
    .option('--no-amqp', 'no AMQP without TLS')
    .option(
      '--http-port <port>',
      'port of HTTP: API and dashboard; 0 for any that is free',
      port,
      15_672,
    )
    .option('--no-http', 'no HTTP')
    .option('--https-port <port>', 'port of HTTP over TLS', port)
    .option('--http-read-only', 'nothing can be changed by HTTP')
    .option('--no-guest', 'nobody comes in as guest')
    .option('--allow-plaintext', 'passwords from other machines need no TLS')
    .addOption(
      new Option('--compat <version>', 'refuse what that version refuses').choices([
        'rabbitmq-4.3',
      ]),
    )
    .option('--compat-product <name>', 'tell clients NAME or NAME/VERSION in place of Homing')
    .option('--heartbeat <seconds>', 'offered to clients; 0 for none', wholeNumberFrom(0, 65_535))
    .option('--memory-limit <size>', 'memory in use that blocks publishers, such as 2GiB', size)
    .option('--disk-free <size>', 'free disk below which publishers are blocked', size)
    .addOption(
      new Option('--log-level <level>', 'the least that is logged')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
}

const tlsOptions = (command: Command): Command =>
  command
    .option('--amqps-port <port>', 'port of AMQP over TLS', port)
    .option('--tls-cert <file>', 'certificate of the server, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--tls-ca <file>', 'authorities for certificates of clients, PEM')
    .option('--tls-verify-peer', 'refuse clients without a certificate of theirs')
    .addOption(
      new Option('--tls-user-from <field>', 'what of it names the user')
        .choices(['common-name', 'subject-alternative-name'])
        .default('common-name'),
    )

async function serve(invocation: Invocation, given: ServeOptions): Promise<void> {
  const { terminal, stopping } = invocation
  collectByNeed()
  const { logTo, startServer } = await import('../server.ts')
  const log = logTo((line) => terminal.stderr(line), {
    level: given.logLevel,
    json: terminal.json,
  })
  stopping.onFirst = () => log.info({}, 'stopping; a second signal ends at once')
  const started = await startServer(given.data, {
    ...settingsFrom(given, log),
    listen: addressesFrom(given),
  })
  try {
    await tell(invocation, given, started)
    started.server.warm()
    await stopped(stopping.signal)
  } finally {
    await started.server.close()
  }
}

/**
 * Bodies are buffers outside of V8's heap. By default they make it mark the whole heap several times a second,
 * a fifth of the process under load; with this flag they count as a part of what may be in use.
 */
function collectByNeed(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit')
}

function settingsFrom(given: ServeOptions, log: ServerLog) {
  const { compat, compatProduct, heartbeat, memoryLimit, diskFree } = given
  return {
    log,
    guest: given.guest,
    allowPlaintext: given.allowPlaintext ?? false,
    ...(compat !== undefined && { compat }),
    ...(compatProduct !== undefined && { product: compatProduct }),
    ...(heartbeat !== undefined && { heartbeat }),
    ...(memoryLimit !== undefined && { memoryBytesMax: memoryLimit }),
    ...(diskFree !== undefined && { diskFreeBytesMin: diskFree }),
    ...httpSettingsFrom(given),
  }
}

function httpSettingsFrom(given: ServeOptions) {
  const listen = httpAddressesFrom(given)
  return listen.length === 0 ? {} : { http: { listen, readOnly: given.httpReadOnly ?? false } }
}

async function tell(
  { terminal }: Invocation,
  { data }: ServeOptions,
  { server, adminPasswordFile }: StartedServer,
): Promise<void> {
  const { listening, httpListening: http } = server
  if (terminal.json) {
    const where = listening.map(({ url, host, port, tls }) => ({ url, host, port, tls }))
    return terminal.line(JSON.stringify({ listening: where, http, data, adminPasswordFile }))
  }
  if (adminPasswordFile !== undefined) {
    terminal.note(`the password of the user admin is in ${adminPasswordFile}`)
  }
  const urls = [...listening, ...http].map(({ url }) => url)
  const [last, ...others] = urls.toReversed()
  const all = others.length === 0 ? last : `${others.toReversed().join(', ')} and ${last}`
  await terminal.line(`homing listens on ${all}`)
}

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

const port = wholeNumberFrom(0, 65_535)

const units: Readonly<Record<string, number>> = { '': 1, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 }

/** Bytes, with or without KiB, MiB, GiB. */
function size(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,12})\s*([kmg]ib)?$/i.exec(text) ?? []
  const bytes = digits === '' ? Number.NaN : Number(digits) * (units[unit.toLowerCase()] ?? 1)
  if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes
  throw new InvalidArgumentError('Give a size such as 500MiB or 2GiB.')
}
