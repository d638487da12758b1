/*
 * Where `homing serve` listens, from its options.
 */

import { readFileSync } from 'node:fs'
import type { CertificateName, HttpAddress, ListenAddress } from '../server.ts'
import { Refusal } from './refusal.ts'

export interface HttpOptions {
  /** False when none was asked for. */
  readonly http: boolean
  readonly httpPort: number
  readonly httpsPort?: number
  readonly httpReadOnly?: true
}

export interface ListenOptions extends Pick<HttpOptions, 'httpsPort'> {
  readonly bind: string
  readonly amqp: boolean
  readonly amqpPort: number
  readonly amqpsPort?: number
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsCa?: string
  readonly tlsVerifyPeer?: true
  readonly tlsUserFrom: CertificateName
}

/** Fails with `usage` when the options do not fit each other, `notFound` when a file cannot be read. */
export function addressesFrom(options: ListenOptions): readonly ListenAddress[] {
  const { bind: host, amqp, amqpPort, amqpsPort } = options
  const plain: readonly ListenAddress[] = amqp ? [{ host, port: amqpPort }] : []
  if (amqpsPort !== undefined) {
    return [...plain, { host, port: amqpsPort, tls: tlsFrom(options) }]
  }
  const { tlsCert, tlsKey, tlsCa, tlsVerifyPeer, httpsPort } = options
  if (httpsPort !== undefined) return plain
  if (tlsCert ?? tlsKey ?? tlsCa ?? tlsVerifyPeer) {
    throw new Refusal(
      'usage',
      'options of TLS are given, but no port for it; give --amqps-port or --https-port',
    )
  }
  if (!amqp) throw new Refusal('usage', '--no-amqp leaves nothing to listen on; give --amqps-port')
  return plain
}

/** None with `--no-http`. Fails as {@link addressesFrom}. */
export function httpAddressesFrom(options: ListenOptions & HttpOptions): readonly HttpAddress[] {
  const { bind: host, http, httpPort, httpsPort } = options
  if (!http) return []
  if (httpsPort === undefined) return [{ host, port: httpPort }]
  return [
    { host, port: httpPort },
    { host, port: httpsPort, tls: tlsFrom(options) },
  ]
}

function tlsFrom(options: ListenOptions) {
  const { tlsCert, tlsKey, tlsCa, tlsVerifyPeer, tlsUserFrom: userFrom } = options
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new Refusal(
      'usage',
      'a port with TLS needs a certificate and a key; give --tls-cert and --tls-key',
    )
  }
  if (tlsVerifyPeer && tlsCa === undefined) {
    throw new Refusal('usage', '--tls-verify-peer needs the authorities to check by; give --tls-ca')
  }
  return {
    cert: fileAt(tlsCert),
    key: fileAt(tlsKey),
    ca: tlsCa === undefined ? undefined : fileAt(tlsCa),
    verifyPeer: tlsVerifyPeer === true,
    userFrom,
  }
}

function fileAt(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new Refusal('notFound', `the file of TLS cannot be read: ${(error as Error).message}`)
  }
}
