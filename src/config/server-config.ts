/*
 * From settings to what starting a server takes: addresses with the files of TLS read, limits, storage.
 *
 * Rule: whether settings fit each other is judged here, for the start, for a reload and for `config
 * check` alike.
 */

import fs from 'node:fs'
import type { TlsSettings } from '../amqp/listen-address.ts'
import type { EmbeddedOptions } from '../embedded/engine-options.ts'
import type { HttpAddress, HttpSettings } from '../http/http-settings.ts'
import type { ServerSettings } from '../server/server-settings.ts'
import type { Fault } from './given.ts'
import { badConfig, type Config } from './read-config.ts'
import type { SettingKey, SettingValues } from './settings.ts'

export interface ServerConfig {
  readonly data: string
  readonly settings: ServerSettings
  readonly options: EmbeddedOptions
}

/** Fails with `bad-config` when settings do not fit each other, or a file of TLS cannot be read. */
export function serverConfig(config: Config): ServerConfig {
  const { values } = config
  const faults = misfits(config)
  const tls = faults.length === 0 ? tlsFrom(config, faults) : undefined
  if (faults.length > 0) throw badConfig(faults)
  return {
    data: values.data,
    settings: { ...amqpSettings(values, tls), ...otherSettings(values, tls) },
    options: storageOptions(values),
  }
}

function amqpSettings(values: SettingValues, tls: TlsSettings | undefined): ServerSettings {
  const { 'amqp.compat': compat, 'amqp.product': product } = values
  const host = values.bind
  const tlsPort = values['amqp.tls_port']
  return {
    listen: [
      ...(values['amqp.enabled'] ? [{ host, port: values['amqp.port'] }] : []),
      ...(tlsPort === undefined ? [] : [{ host, port: tlsPort, tls }]),
    ],
    guest: values['amqp.guest'],
    allowPlaintext: values['amqp.allow_plaintext'],
    ...(compat !== undefined && { compat }),
    ...(product !== undefined && { product }),
    heartbeat: values['amqp.heartbeat'],
    frameMax: values['amqp.frame_max'],
    channelMax: values['amqp.channel_max'],
    limits: {
      connectionsMax: values['limits.connections'],
      connectionsPerAddressMax: values['limits.connections_per_address'],
      handshakesMax: values['limits.handshakes'],
      handshakesPerAddressMax: values['limits.handshakes_per_address'],
    },
  }
}

function otherSettings(values: SettingValues, tls: TlsSettings | undefined): ServerSettings {
  const { admin_password: adminPassword, 'alarms.memory': memoryBytesMax } = values
  const endpoint = values['tracing.endpoint']
  return {
    ...(memoryBytesMax !== undefined && { memoryBytesMax }),
    diskFreeBytesMin: values['alarms.disk_free'],
    grace: values['shutdown.grace'],
    ...(adminPassword !== undefined && { adminPassword }),
    ...(values['http.enabled'] && { http: httpSettings(values, tls) }),
    ...(values.definitions !== undefined && { definitionsFile: values.definitions }),
    ...(values['metrics.enabled'] && { metrics: { access: values['metrics.access'] } }),
    ...(endpoint !== undefined && { tracing: { endpoint } }),
  }
}

function httpSettings(values: SettingValues, tls: TlsSettings | undefined): HttpSettings {
  return {
    listen: httpAddresses(values, tls),
    readOnly: values['http.read_only'],
    hostNames: values['http.host_names'],
    backupFolder: values['http.backup_folder'],
  }
}

function httpAddresses(
  values: SettingValues,
  tls: TlsSettings | undefined,
): readonly HttpAddress[] {
  const host = values['http.bind'] ?? values.bind
  const tlsPort = values['http.tls_port']
  return tlsPort === undefined
    ? [{ host, port: values['http.port'] }]
    : [{ host, port: tlsPort, tls }]
}

function storageOptions(values: SettingValues): EmbeddedOptions {
  const sync = values['storage.sync']
  return {
    sync: typeof sync === 'string' ? sync : { every: sync.everyMs },
    retain: { for: values['storage.retain_for'], count: values['storage.retain_count'] },
    segmentBytes: values['storage.segment'],
    checkpointBytes: values['storage.checkpoint'],
    indexBytes: values['storage.index_memory'],
    tailBytes: values['storage.tail_memory'],
    reserveBytes: values['storage.reserve'],
  }
}

function misfits({ values, origins }: Config): Fault[] {
  const faults: Fault[] = []
  const fault = (key: SettingKey, text: string): void => {
    faults.push({ place: origins.get(key)?.place || key, text })
  }
  const tlsKey = (['amqp.tls_port', 'http.tls_port'] as const).find(
    (key) => values[key] !== undefined,
  )
  const { 'tls.cert': cert, 'tls.key': key, 'tls.ca': ca, 'tls.verify_peer': verifyPeer } = values
  if (tlsKey !== undefined && (cert === undefined || key === undefined)) {
    fault(
      tlsKey,
      'TLS needs a certificate and a key; give tls.cert and tls.key (--tls-cert, --tls-key)',
    )
  }
  if (tlsKey === undefined && (cert ?? key ?? ca) !== undefined) {
    const first = (['tls.cert', 'tls.key', 'tls.ca'] as const).find(
      (one) => values[one] !== undefined,
    )
    fault(
      first ?? 'tls.cert',
      'TLS is set up, but no port uses it; give amqp.tls_port (--amqps-port) or http.tls_port',
    )
  }
  if (verifyPeer && ca === undefined) {
    fault('tls.verify_peer', 'it needs the authorities to check by; give tls.ca (--tls-ca)')
  }
  const { 'amqp.enabled': amqp, 'amqp.tls_port': amqps } = values
  if (!amqp && amqps === undefined) {
    fault('amqp.enabled', 'this leaves no AMQP to listen for; give amqp.tls_port (--amqps-port)')
  }
  return faults
}

const tlsFiles = ['tls.cert', 'tls.key', 'tls.ca'] as const

/** The files that a change of makes it worth to read everything again. */
export const watchedFiles = (values: SettingValues): readonly string[] =>
  tlsFiles.flatMap((key) => values[key] ?? [])

function tlsFrom({ values, origins }: Config, faults: Fault[]): TlsSettings | undefined {
  if (values['tls.cert'] === undefined) return undefined
  const [cert, key, ca] = tlsFiles.map((setting): Uint8Array | undefined => {
    const path = values[setting]
    if (path === undefined) return undefined
    try {
      return fs.readFileSync(path)
    } catch (error) {
      const place = origins.get(setting)?.place || setting
      faults.push({ place, text: `the file of TLS cannot be read: ${(error as Error).message}` })
      return undefined
    }
  })
  if (cert === undefined || key === undefined) return undefined
  return {
    cert,
    key,
    passphrase: values['tls.key_passphrase'],
    ca,
    verifyPeer: values['tls.verify_peer'],
    userFrom: values['tls.user_from'],
  }
}
