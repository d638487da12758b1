/*
 * The URL of a broker.
 *
 *   amqp://user:password@host:port/virtual-host?heartbeat=10&connection_timeout=10000
 *   amqps://…                    over TLS
 *   amqp+unix:///path/of/socket?vhost=virtual-host
 *   amqp://…@one:5672,two,three:5673/…   several hosts of one cluster
 *
 * By the AMQP URI specification: what is absent is guest, guest, 5672 (5671 for amqps) and /; what stands
 * between the signs is percent-decoded, so that a virtual host "a/b" is written a%2Fb. Other than there, an
 * empty virtual host is /, since a path that ends in a slash is meant so.
 *
 * Rule: no text of an error or a log has the password in it, nor a URL that could not be read.
 */

import { HomingError } from '../../errors.ts'

export interface AmqpAddress {
  readonly tls: boolean
  /** A name or an address without brackets; of a socket its path. */
  readonly host: string
  /** Undefined for a socket of the machine. */
  readonly port: number | undefined
}

export interface AmqpUrl {
  readonly addresses: readonly AmqpAddress[]
  /** Undefined when the URL names none. */
  readonly user: string | undefined
  readonly password: string | undefined
  readonly virtualHost: string
  /** Seconds. */
  readonly heartbeat: number | undefined
  readonly connectTimeoutMs: number | undefined
}

const shape = /^(amqps?|amqp\+unix):\/\/(?:([^@/?#]*)@)?([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/i

/** Fails with `bad-argument` and `unknown-option`. */
export function readAmqpUrl(text: string): AmqpUrl {
  const match = shape.exec(text)
  if (match === null) {
    throw bad('it is not of the form amqp://user:password@host:port/virtual-host')
  }
  const [, scheme = '', login, hosts = '', path = '', query = ''] = match
  const settings = readQuery(query)
  const common = { ...readLogin(login), ...settings }
  if (scheme.toLowerCase() === 'amqp+unix') {
    if (hosts !== '') throw bad('a socket has no host: write amqp+unix:///path/of/socket')
    const host = decoded(path, 'the path of the socket')
    if (host.length < 2) throw bad('it names no socket: write amqp+unix:///path/of/socket')
    return { ...common, addresses: [{ tls: false, host, port: undefined }] }
  }
  if (settings.hasVirtualHost) throw bad('the virtual host stands in the path, not behind the ?')
  const tls = scheme.toLowerCase() === 'amqps'
  return {
    ...common,
    addresses: hosts.split(',').map((host) => readHost(host, tls)),
    virtualHost: readVirtualHost(path),
  }
}

/** For people: where it leads, without the login. */
export function shownAddress({ tls, host, port }: AmqpAddress): string {
  if (port === undefined) return `amqp+unix://${host}`
  return `${tls ? 'amqps' : 'amqp'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function readLogin(login: string | undefined): Pick<AmqpUrl, 'user' | 'password'> {
  if (login === undefined) return { user: undefined, password: undefined }
  const at = login.indexOf(':')
  if (at === -1) return { user: decoded(login, 'the user name'), password: undefined }
  return {
    user: decoded(login.slice(0, at), 'the user name'),
    password: decoded(login.slice(at + 1), 'the password'),
  }
}

function readHost(text: string, tls: boolean): AmqpAddress {
  const match = /^(\[[0-9a-f:.%]+\]|[^:[\]]*)(?::(\d*))?$/i.exec(text)
  if (match === null) throw bad('a host in it cannot be read: write name:port or [address]:port')
  const [, name = '', digits = ''] = match
  const port = digits === '' ? (tls ? 5671 : 5672) : Number(digits)
  if (port < 1 || port > 65_535) throw bad(`port ${digits} is not between 1 and 65535`)
  const host = decoded(name.replace(/^\[|\]$/g, ''), 'the host')
  return { tls, host: host === '' ? 'localhost' : host, port }
}

function readVirtualHost(path: string): string {
  const text = path.slice(1)
  if (text.includes('/'))
    throw bad('its path has several parts: a / in a virtual host is written %2F')
  return decoded(text, 'the virtual host') || '/'
}

interface QuerySettings extends Pick<AmqpUrl, 'heartbeat' | 'connectTimeoutMs' | 'virtualHost'> {
  readonly hasVirtualHost: boolean
}

function readQuery(query: string): QuerySettings {
  const parameters = new URLSearchParams(query)
  for (const name of parameters.keys()) {
    if (['heartbeat', 'connection_timeout', 'vhost'].includes(name)) continue
    throw new HomingError(
      'unknown-option',
      `the URL of the broker has a parameter "${name.slice(0, 80)}"; known are heartbeat (seconds) and connection_timeout (milliseconds), and vhost for a socket`,
    )
  }
  return {
    heartbeat: wholeNumber(parameters, 'heartbeat', 65_535),
    connectTimeoutMs: wholeNumber(parameters, 'connection_timeout', 2 ** 31 - 1),
    virtualHost: parameters.get('vhost') || '/',
    hasVirtualHost: parameters.has('vhost'),
  }
}

function wholeNumber(parameters: URLSearchParams, name: string, max: number): number | undefined {
  const text = parameters.get(name)
  if (text === null) return undefined
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value >= 1 && value <= max) return value
  throw bad(`${name} is "${text.slice(0, 40)}": give a whole number from 1 to ${max}`)
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw bad(`${what} has a % that begins no code: write %25 for the sign itself`)
  }
}

const bad = (why: string): HomingError =>
  new HomingError('bad-argument', `the URL of the broker cannot be used: ${why}`)
