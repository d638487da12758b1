/*
 * Opening a port, with or without TLS, or a Unix socket; what the system refuses, in our words.
 *
 * TLS: 1.2 at least. A client's certificate is asked for when there is an authority to check it by;
 * only one that was checked names a user.
 */

import { Buffer } from 'node:buffer'
import { X509Certificate } from 'node:crypto'
import net from 'node:net'
import type tls from 'node:tls'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { CertificateName, ListenAddress, Listening, TlsSettings } from './listen-address.ts'

export interface Listener {
  readonly listening: Listening
  readonly server: net.Server
  readonly userFrom: CertificateName
}

/**
 * Puts the certificates of these addresses in force, in the order in which they were listened on:
 * handshakes from then on use them. Fails with `bad-certificate`; then all are as they were.
 */
export async function renewTls(
  listeners: readonly Listener[],
  addresses: readonly ListenAddress[],
): Promise<void> {
  const ready: (() => void)[] = []
  for (const [n, address] of addresses.entries()) {
    const listener = listeners[n]
    if (listener === undefined || !('tls' in address) || address.tls === undefined) continue
    ready.push(await preparedTls(listener, address.tls))
  }
  for (const use of ready) use()
}

async function preparedTls(
  { listening, server }: Listener,
  settings: TlsSettings,
): Promise<() => void> {
  const options = contextOptions(settings)
  await checkContext(options, listening.url)
  return () => (server as tls.Server).setSecureContext(options)
}

/** Connections that the system keeps while they wait to be taken. */
const backlog = 4_096

/** Fails with `address-in-use`, `address-refused`, `bad-certificate`. */
export async function listen(
  address: ListenAddress,
  accept: (socket: net.Socket, isSecured: boolean) => void,
  failed: (error: Error) => void,
): Promise<Listener> {
  const security = 'tls' in address ? address.tls : undefined
  const server =
    security === undefined ? net.createServer(socketOptions) : await securedServer(security)
  server.on('connection', (socket) => accept(socket, false))
  if (security !== undefined) {
    server.on('secureConnection', (socket: tls.TLSSocket) => accept(socket, true))
    // A client that speaks no TLS, or none that is spoken here, is no problem of ours.
    server.on('tlsClientError', (_, socket: net.Socket) => socket.destroy())
  }
  await opened(server, address)
  // Such as too many open files: whoever waits is taken later.
  server.on('error', failed)
  const listening = listeningOf(server, address)
  return { listening, server, userFrom: security?.userFrom ?? 'common-name' }
}

const socketOptions = { noDelay: true, keepAlive: true, allowHalfOpen: false } as const

async function securedServer(settings: TlsSettings): Promise<net.Server> {
  const { createServer } = await import('node:tls')
  const options = contextOptions(settings)
  await checkContext(options)
  return createServer({
    ...socketOptions,
    ...options,
    requestCert: settings.ca !== undefined,
    rejectUnauthorized: settings.verifyPeer === true,
    handshakeTimeout: limits.handshakeMsMax,
  })
}

const contextOptions = ({ cert, key, passphrase, ca }: TlsSettings) =>
  ({
    cert: Buffer.from(cert),
    key: Buffer.from(key),
    ...(passphrase && { passphrase: passphrase.reveal() }),
    ...(ca && { ca: Buffer.from(ca) }),
    minVersion: 'TLSv1.2',
  }) as const satisfies tls.SecureContextOptions

async function checkContext(options: ReturnType<typeof contextOptions>, of = ''): Promise<void> {
  const { createSecureContext } = await import('node:tls')
  try {
    createSecureContext(options)
    // An authority that cannot be read would be passed over in silence.
    if (options.ca !== undefined) new X509Certificate(options.ca)
  } catch (cause) {
    throw new HomingError(
      'bad-certificate',
      `the TLS certificate and key ${of && `for ${of} `}cannot be used: ${(cause as Error).message}; give PEM files that belong together`,
      { cause },
    )
  }
}

function opened(server: net.Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refusalOf(error, address)))
    server.listen('path' in address ? { path: address.path } : { ...address, backlog }, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

function listeningOf(server: net.Server, address: ListenAddress): Listening {
  if ('path' in address) {
    const { path } = address
    return { url: `amqp+unix://${path}`, host: '', port: 0, path, tls: false }
  }
  const { port } = server.address() as net.AddressInfo
  const secured = address.tls !== undefined
  const host = net.isIPv6(address.host) ? `[${address.host}]` : address.host
  const url = `${secured ? 'amqps' : 'amqp'}://${host}:${port}`
  return { url, host: address.host, port, path: undefined, tls: secured }
}

function refusalOf(cause: NodeJS.ErrnoException, address: ListenAddress): HomingError {
  const where = 'path' in address ? address.path : `port ${address.port} of ${address.host}`
  switch (cause.code) {
    case 'EADDRINUSE':
      return new HomingError(
        'address-in-use',
        `${where} is in use by another program; stop that one, or choose another port`,
        { cause },
      )
    case 'EACCES':
    case 'EPERM':
      return new HomingError(
        'address-refused',
        `the system does not let this user listen on ${where} (${cause.code}); ${'path' in address ? 'choose a folder that is there and may be written to' : 'choose a port from 1024 on'}`,
        { cause },
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new HomingError(
        'address-refused',
        `${where} is no address of this machine (${cause.code}); bind to one it has, or to 127.0.0.1`,
        { cause },
      )
    default:
      return new HomingError('address-refused', `listening on ${where} failed: ${cause.message}`, {
        cause,
      })
  }
}

/** The user that a client's certificate names; undefined unless the certificate was checked. */
export function certificateUser(socket: tls.TLSSocket, from: CertificateName): string | undefined {
  if (!socket.authorized) return undefined
  const { subject, subjectaltname } = socket.getPeerCertificate()
  if (from === 'common-name') {
    const name: unknown = subject?.CN
    return typeof name === 'string' && name !== '' ? name : undefined
  }
  // Names with a comma or quotes in them are written quoted: they could be read in two ways.
  const [first = ''] = subjectaltname?.split(', ') ?? []
  return /^(?:DNS|email|URI):([^",]+)$/.exec(first)?.[1]
}
