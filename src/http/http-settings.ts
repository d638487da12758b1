/*
 * What can be set of the HTTP side.
 */

import type { TlsSettings } from '../amqp/listen-address.ts'

export interface HttpAddress {
  readonly host: string
  /** 0 for one that is free. */
  readonly port: number
  readonly tls?: TlsSettings | undefined
}

export interface HttpSettings {
  readonly listen: readonly HttpAddress[]
  /** Nothing can be changed by HTTP. Default false. */
  readonly readOnly?: boolean
  /** Names under which it is reached, beside the addresses it listens on: for the check of `Host`. */
  readonly hostNames?: readonly string[]
  /** Where backups asked for by HTTP are made, each in a folder of its own. Default: none are made. */
  readonly backupFolder?: string | undefined
}

/** Where it listens. */
export interface HttpListening {
  /** `http://127.0.0.1:15672`. */
  readonly url: string
  readonly host: string
  readonly port: number
  readonly tls: boolean
}
