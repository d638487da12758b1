/*
 * Connections to a broker, over amqplib (ADR 13).
 *
 *   connector ── the hosts in turn, the last good one first ──▶ connection ──▶ ended, with the reason
 *
 * amqplib is loaded when the first connection is made. What it leaves open is closed here: a try ends
 * after its time, a close ends after its time, and a connection that has ended keeps no socket.
 * An open connection does not keep the process from ending: whoever waits for an answer does.
 */

import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { ChannelModel } from 'amqplib'
import { HomingError } from '../../errors.ts'
import { version } from '../../version.ts'
import { type AmqpAddress, type AmqpUrl, readAmqpUrl, shownAddress } from './amqp-url.ts'
import { explainedConnectError } from './connect-errors.ts'
import {
  type AmqpConnectionOptions,
  type ConnectionSettings,
  connectionSettings,
} from './connection-options.ts'
import { joinWrites } from './join-writes.ts'

/** An open connection. */
export interface AmqpConnection {
  /** Channels are made with it. Its events `error` and `close` are listened to already. */
  readonly model: ChannelModel
  /** `amqp://host:port/virtual-host`, without user and password. */
  readonly where: string
  readonly user: string
  readonly virtualHost: string
  /** As the server told them. */
  readonly serverProperties: Readonly<Record<string, unknown>>
  /** Resolves when it is over, with `connection-lost`, or `closed` when it was closed here. */
  readonly ended: Promise<HomingError>
  close(): Promise<void>
}

/** What amqplib has and does not name in its types. */
interface Inner {
  readonly stream: Socket
  readonly heartbeater: {
    readonly sendTimer: NodeJS.Timeout
    readonly recvTimer: NodeJS.Timeout
    clear(): void
  } | null
}

interface Target {
  readonly address: AmqpAddress
  readonly url: AmqpUrl
}

const connectTimeoutMsDefault = 10_000
/** Seconds. */
const heartbeatDefault = 10
const closeMsMax = 3_000

/**
 * Who connects, one connection at a time. A Homing broker closes the older ones of a client when the
 * next one opens: what it sent again must not meet what is still unread of the old one.
 */
export class AmqpClient {
  readonly id = randomUUID()
  links = 0
}

export class AmqpConnector {
  /** For people: the hosts and the virtual host. */
  readonly where: string
  readonly #settings: ConnectionSettings
  #targets: Target[]
  readonly #client: AmqpClient
  readonly #onProblem: (text: string) => void

  /** Fails with `bad-argument`, `unknown-option`, `bad-duration`, `bad-certificate`. */
  constructor(
    urls: string | readonly string[],
    options: AmqpConnectionOptions = {},
    onProblem: (text: string) => void = () => undefined,
    client: AmqpClient = new AmqpClient(),
  ) {
    this.#client = client
    this.#settings = connectionSettings(options)
    this.#onProblem = onProblem
    const all = (typeof urls === 'string' ? [urls] : urls).map(readAmqpUrl)
    const targets = all.flatMap((url) => url.addresses.map((address) => ({ address, url })))
    const [first] = targets
    if (first === undefined) {
      throw new HomingError('bad-argument', 'no URL of a broker is given; give one at least')
    }
    const others = targets.filter(({ url }) => url.virtualHost !== first.url.virtualHost)
    if (others.length > 0) {
      throw new HomingError(
        'bad-argument',
        `the URLs name virtual hosts "${first.url.virtualHost}" and "${others[0]?.url.virtualHost}"; several hosts are one cluster, so give one virtual host`,
      )
    }
    if (this.#settings.tls !== undefined && targets.some(({ address }) => !address.tls)) {
      throw new HomingError(
        'bad-argument',
        `the option tls is given for ${shownAddress(first.address)}; write amqps:// for TLS`,
      )
    }
    this.where = targets.map(({ address }) => shownAddress(address)).join(', ')
    // A cluster's clients begin at different hosts.
    const start = Math.floor(Math.random() * targets.length)
    this.#targets = [...targets.slice(start), ...targets.slice(0, start)]
  }

  /**
   * The first host that lets us in. Fails with `unreachable`, `login-refused`, `access-refused`,
   * `bad-certificate`, `not-permitted`, `aborted`.
   */
  async connect(signal?: AbortSignal): Promise<AmqpConnection> {
    const errors: HomingError[] = []
    for (const target of [...this.#targets]) {
      try {
        const connection = await this.#connectTo(target, signal)
        this.#targets = [target, ...this.#targets.filter((other) => other !== target)]
        return connection
      } catch (error) {
        if (signal?.aborted) throw error
        errors.push(error as HomingError)
        // The hosts of a cluster have the same users.
        if ((error as HomingError).code === 'login-refused') break
      }
    }
    throw together(errors)
  }

  async #connectTo({ address, url }: Target, signal?: AbortSignal): Promise<AmqpConnection> {
    const { login } = this.#settings
    const user = login === 'external' ? '' : (url.user ?? 'guest')
    const to = { address: shownAddress(address), user, virtualHost: url.virtualHost }
    const timeoutMs =
      this.#settings.connectTimeoutMs ?? url.connectTimeoutMs ?? connectTimeoutMsDefault
    try {
      const opening = this.#open(address, url, user, timeoutMs)
      const model = await withinTime(opening, timeoutMs, signal, to.address)
      return opened(model, to, this.#onProblem)
    } catch (error) {
      throw explainedConnectError(error, to)
    }
  }

  async #open(
    address: AmqpAddress,
    url: AmqpUrl,
    user: string,
    timeout: number,
  ): Promise<ChannelModel> {
    const { default: amqplib } = await import('amqplib')
    const { tls, login, connectionName, heartbeat } = this.#settings
    const password = url.password ?? (url.user === undefined ? 'guest' : '')
    const { serverName, ...certificates } = tls ?? {}
    return amqplib.connect(
      {
        protocol: address.tls ? 'amqps' : 'amqp',
        hostname: address.port === undefined ? 'localhost' : address.host,
        port: address.port ?? 5672,
        username: user,
        password,
        vhost: encodeURIComponent(url.virtualHost),
        heartbeat: heartbeat ?? url.heartbeat ?? heartbeatDefault,
      },
      {
        ...pem(certificates),
        ...(serverName !== undefined && { servername: serverName }),
        ...(address.port === undefined && { path: address.host }),
        ...(login === 'external' && { credentials: amqplib.credentials.external() }),
        ...{ noDelay: true, keepAlive: true, timeout },
        clientProperties: {
          ...{ product: 'Homing', version, connection_name: connectionName },
          ...{ homing_client: this.#client.id, homing_link: `${++this.#client.links}` },
        },
      },
    )
  }
}

/** Opens one connection. See {@link AmqpConnector}. */
export function openAmqpConnection(
  urls: string | readonly string[],
  options: AmqpConnectionOptions = {},
): Promise<AmqpConnection> {
  return new AmqpConnector(urls, options).connect()
}

function pem(certificates: Omit<NonNullable<AmqpConnectionOptions['tls']>, 'serverName'>) {
  const { ca, cert, key, passphrase } = certificates
  return {
    ...(ca !== undefined && { ca: Buffer.from(ca) }),
    ...(cert !== undefined && { cert: Buffer.from(cert) }),
    ...(key !== undefined && { key: Buffer.from(key) }),
    ...(passphrase !== undefined && { passphrase }),
  }
}

/** One error for all hosts: what each of them said. */
function together(errors: readonly HomingError[]): HomingError {
  const last = errors.at(-1) as HomingError
  if (errors.length === 1) return last
  const worst = errors.find((error) => !error.retryable) ?? last
  return new HomingError(worst.code, errors.map(({ message }) => message).join('; '), {
    cause: worst,
    data: worst.data,
  })
}

/** What comes too late is closed again. */
function withinTime(
  opening: Promise<ChannelModel>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  address: string,
): Promise<ChannelModel> {
  return new Promise((resolve, reject) => {
    const giveUp = (error: HomingError): void => {
      reject(error)
      opening.then(dropped, () => undefined)
    }
    const aborted = (): void =>
      giveUp(new HomingError('aborted', 'the wait for a connection ended'))
    if (signal?.aborted) {
      aborted()
      return
    }
    signal?.addEventListener('abort', aborted, { once: true })
    const timer = setTimeout(() => {
      giveUp(new HomingError('unreachable', `${address}: no connection within ${timeoutMs} ms`))
    }, timeoutMs)
    const over = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
    }
    opening.then(resolve, reject).finally(over)
  })
}

function dropped(model: ChannelModel): void {
  model.on('error', () => undefined)
  const { stream, heartbeater } = innerOf(model)
  // Its timers go on without a socket, and would keep the process alive.
  heartbeater?.clear()
  stream.destroy()
}

const innerOf = (model: ChannelModel): Inner => model.connection as unknown as Inner

function opened(
  model: ChannelModel,
  to: { readonly address: string; readonly user: string; readonly virtualHost: string },
  onProblem: (text: string) => void,
): AmqpConnection {
  const where = `${to.address}/${encodeURIComponent(to.virtualHost)}`
  const { stream, heartbeater } = innerOf(model)
  const { promise: ended, resolve } = Promise.withResolvers<HomingError>()
  let lastError: Error | undefined
  let closing = false
  model.on('error', (error) => {
    lastError = error
  })
  model.on('close', (error) => {
    resolve(closing ? closedError(where) : lostError(where, error ?? lastError))
    // What the other end does not close is closed here: it may be gone without a word.
    stream.destroySoon()
    setTimeout(() => stream.destroy(), closeMsMax).unref()
  })
  model.on('blocked', (reason) => {
    onProblem(`${where} takes no messages for now: ${reason}`)
  })
  model.on('unblocked', () => {
    onProblem(`${where} takes messages again`)
  })
  joinWrites(stream)
  stream.unref()
  heartbeater?.sendTimer.unref()
  heartbeater?.recvTimer.unref()
  const close = async (): Promise<void> => {
    closing = true
    stream.ref()
    const timer = setTimeout(() => stream.destroy(), closeMsMax)
    const over = Promise.race([ended, new Promise((go) => stream.once('close', go))])
    // One that is over already says so by failing.
    await Promise.race([model.close().catch(() => undefined), over])
    clearTimeout(timer)
    resolve(closedError(where))
    stream.destroy()
  }
  return {
    ...{ model, where, user: to.user, virtualHost: to.virtualHost, ended, close },
    serverProperties: model.connection.serverProperties as unknown as Record<string, unknown>,
  }
}

const closedError = (where: string): HomingError =>
  new HomingError('closed', `the connection to ${where} is closed`)

function lostError(where: string, cause: Error | undefined): HomingError {
  const why = cause === undefined ? 'it ended' : cause.message.split('\n')[0]
  return new HomingError('connection-lost', `the connection to ${where} was lost: ${why}`, {
    cause,
  })
}
