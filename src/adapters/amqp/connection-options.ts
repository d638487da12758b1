/*
 * What can be set for a connection to a broker.
 */

import { type Duration, durationMs } from '../../duration.ts'
import { HomingError } from '../../errors.ts'
import { checkOptions } from '../../known-options.ts'

/** For `amqps://`. PEM texts, not the names of files. */
export interface TlsOptions {
  /** Certificates of authorities to trust, in place of those that Node.js trusts. */
  readonly ca?: string | Uint8Array
  /** The client's own certificate and key, for servers that ask for one. */
  readonly cert?: string | Uint8Array
  readonly key?: string | Uint8Array
  readonly passphrase?: string
  /** The name that the server's certificate must have. Default: the host of the URL. */
  readonly serverName?: string
}

export interface AmqpConnectionOptions {
  readonly tls?: TlsOptions
  /** Time from connecting to an open virtual host, for each host. Default 10 s. */
  readonly connectTimeout?: Duration
  /** A server that says nothing for two to three times as long is taken for dead. 1 s to 60 s, default 10 s. */
  readonly heartbeat?: Duration
  /** Shown in the server's list of connections. Default: `homing`, with the process id. */
  readonly connectionName?: string
  /** How to log in: `password` (default), or `external`, by the client's certificate or socket. */
  readonly login?: 'password' | 'external'
}

export interface ConnectionSettings {
  readonly tls: TlsOptions | undefined
  readonly connectTimeoutMs: number | undefined
  /** Seconds. */
  readonly heartbeat: number | undefined
  readonly connectionName: string
  readonly login: 'password' | 'external'
}

export const connectionOptionNames = [
  'tls',
  'connectTimeout',
  'heartbeat',
  'connectionName',
  'login',
] as const

const tlsNames = new Set(['ca', 'cert', 'key', 'passphrase', 'serverName'])

/** Fails with `bad-argument`, `bad-duration`, `unknown-option`, `bad-certificate`. */
export function connectionSettings(options: AmqpConnectionOptions): ConnectionSettings {
  const { tls, connectTimeout, heartbeat, connectionName, login = 'password' } = options
  if (login !== 'password' && login !== 'external') {
    throw new HomingError(
      'bad-argument',
      `login is ${JSON.stringify(login)}; give 'password' or 'external'`,
    )
  }
  if (connectionName !== undefined && typeof connectionName !== 'string') {
    throw new HomingError(
      'bad-argument',
      `connectionName is ${typeof connectionName}; give a string`,
    )
  }
  return {
    tls: tls && checkedTls(tls),
    connectTimeoutMs: between('connectTimeout', connectTimeout, 10, 2 ** 31 - 1),
    heartbeat: seconds(between('heartbeat', heartbeat, 1_000, 60_000)),
    connectionName: connectionName ?? `homing ${process.pid}`,
    login,
  }
}

const seconds = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : Math.round(ms / 1_000)

function between(
  name: string,
  value: Duration | undefined,
  minMs: number,
  maxMs: number,
): number | undefined {
  if (value === undefined) return undefined
  const ms = durationMs(value, name)
  if (ms >= minMs && ms <= maxMs) return ms
  throw new HomingError('bad-duration', `${name} is ${ms} ms; give ${minMs} to ${maxMs} ms`)
}

function checkedTls(tls: TlsOptions): TlsOptions {
  checkOptions(tls, tlsNames, 'tls')
  for (const name of ['ca', 'cert', 'key'] as const) {
    const pem = tls[name]
    if (pem === undefined) continue
    const text = typeof pem === 'string' ? pem : new TextDecoder().decode(pem)
    if (text.includes('-----BEGIN ')) continue
    throw new HomingError(
      'bad-certificate',
      `tls.${name} is not in PEM form; give what is in the file, such as readFileSync('${name}.pem')`,
    )
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    const [there, missing] = tls.cert === undefined ? ['key', 'cert'] : ['cert', 'key']
    throw new HomingError('bad-certificate', `tls has a ${there} and no ${missing}; give both`)
  }
  return tls
}
