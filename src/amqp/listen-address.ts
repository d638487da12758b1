/*
 * Where a server is to listen, and where it does.
 */

import type { Secret } from '../secret.ts'

export interface TlsSettings {
  /** PEM: the server's certificate with those between it and the authority, and its key. */
  readonly cert: Uint8Array
  readonly key: Uint8Array
  /** What the key is encrypted with. */
  readonly passphrase?: Secret | undefined
  /** PEM: authorities that client certificates are checked by. Without it none is asked for. */
  readonly ca?: Uint8Array | undefined
  /** Clients without a certificate that checks are refused. Default false. */
  readonly verifyPeer?: boolean | undefined
  /** What of a client's certificate names the user. Default `common-name`. */
  readonly userFrom?: CertificateName | undefined
}

export type CertificateName = 'common-name' | 'subject-alternative-name'

export type ListenAddress =
  | { readonly host: string; readonly port: number; readonly tls?: TlsSettings | undefined }
  | { readonly path: string }

/** Where it listens. */
export interface Listening {
  /** `amqp://127.0.0.1:5672`; a Unix socket by its path. */
  readonly url: string
  /** '' for a Unix socket. */
  readonly host: string
  /** The one the system chose when 0 was asked for; 0 for a Unix socket. */
  readonly port: number
  readonly path: string | undefined
  readonly tls: boolean
}
