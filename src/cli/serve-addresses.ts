/*
 * Where `homing serve` listens, from its options.
 */

import { readFileSync } from 'node:fs'
import type { CertificateName, ListenAddress } from '../server.ts'
import { Refusal } from './refusal.ts'

export interface ListenOptions {
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
  const { tlsCert, tlsKey, tlsCa, tlsVerifyPeer } = options
  if (tlsCert ?? tlsKey ?? tlsCa ?? tlsVerifyPeer) {
    throw new Refusal('usage', 'options of TLS are given, but no port for it; give --amqps-port')
  }
  if (!amqp) throw new Refusal('usage', '--no-amqp leaves nothing to listen on; give --amqps-port')
  return plain
}

function tlsFrom(options: ListenOptions) {
  const { tlsCert, tlsKey, tlsCa, tlsVerifyPeer, tlsUserFrom: userFrom } = options
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new Refusal(
      'usage',
      '--amqps-port needs a certificate and a key; give --tls-cert and --tls-key',
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
