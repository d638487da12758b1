/*
 * From the protocol header to an opened virtual host (AMQP 0-9-1 §2.2.4).
 *
 *   ◀ start   ▶ start-ok ─▶ (who is it?) ◀ tune   ▶ tune-ok  ▶ open ─▶ (may it enter?) ◀ open-ok
 *     starting               authenticating  tuning   opening             entering
 *
 * Rule: until it is known who the client is, it costs little and learns nothing. A refused login is
 * told only to clients that say they understand it (`authentication_failure_close`).
 */

import type { HeaderTable } from '../embedded/routing/header-value.ts'
import { after, type Later } from '../later.ts'
import type { Login, OpenedVirtualHost, PeerFacts } from './admission.ts'
import {
  type ClientCapabilities,
  capabilitiesOf,
  givenNameOf,
  noCapabilities,
} from './client-capabilities.ts'
import { readCredentials } from './login.ts'
import { type AmqpError, accessRefused, channelError, notAllowed } from './protocol/amqp-error.ts'
import type { Method, MethodNamed, ServerMethod } from './protocol/methods.ts'
import { serverProperties } from './server-properties.ts'
import type { ConnectionSettings } from './settings.ts'
import { checkTuning, frameMaxLeast, type Tuning } from './tune.ts'

export type HandshakeState = 'starting' | 'authenticating' | 'tuning' | 'opening' | 'entering'

/** The connection, as its handshake sees it. */
export interface HandshakeSide {
  readonly settings: ConnectionSettings
  readonly peer: PeerFacts
  send(method: ServerMethod): void
  /** RabbitMQ 4.3 would refuse or change something. */
  warn(feature: string, text: string): void
  /** Client and server agree: from now on frames may be this long. */
  tuned(tuning: Tuning): void
  /** Asks the server for the virtual host. */
  enter(virtualHost: string, login: Login): Later<OpenedVirtualHost>
  opened(virtualHost: OpenedVirtualHost): void
}

export class Handshake {
  readonly #side: HandshakeSide
  #state: HandshakeState = 'starting'
  #login: Login | undefined
  capabilities: ClientCapabilities = noCapabilities
  clientProperties: HeaderTable = new Map()

  constructor(side: HandshakeSide) {
    this.#side = side
  }

  get state(): HandshakeState {
    return this.#state
  }

  get login(): Login | undefined {
    return this.#login
  }

  get givenName(): string {
    return givenNameOf(this.clientProperties)
  }

  start(): void {
    const { settings } = this.#side
    this.#side.send({
      name: 'connection.start',
      versionMajor: 0,
      versionMinor: 9,
      serverProperties: serverProperties(settings.serverProperties),
      mechanisms: settings.mechanisms.join(' '),
      locales: 'en_US',
    })
  }

  /** Whether the client is told of this error, instead of being dropped after a while. */
  tells(error: AmqpError): boolean {
    if (this.#login !== undefined) return true
    const isOfLogin = error.replyCode === 403 || error.replyCode === 503
    return isOfLogin && this.capabilities.authenticationFailureClose
  }

  handle(method: Method): Later<void> {
    const { name } = method
    if (name === 'connection.start-ok' && this.#state === 'starting') return this.#startOk(method)
    if (name === 'connection.tune-ok' && this.#state === 'tuning') return this.#tuneOk(method)
    if (name === 'connection.open' && this.#state === 'opening') return this.#open(method)
    throw channelError(`unexpected method in connection state ${this.#state}`)
  }

  /** A new secret of the same user, at any time after the login. */
  updateSecret(secret: Uint8Array): Later<void> {
    const { settings, peer } = this.#side
    const login = this.#login as Login
    return after(settings.updateSecret?.(login, secret, peer) ?? true, (isTaken) => {
      if (!isTaken) throw notAllowed('the new secret was refused')
      this.#side.send({ name: 'connection.update-secret-ok' })
    })
  }

  #startOk(method: MethodNamed<'connection.start-ok'>): Later<void> {
    const { settings, peer } = this.#side
    const { clientProperties, mechanism, response } = method
    this.clientProperties = clientProperties
    this.capabilities = capabilitiesOf(clientProperties)
    this.#state = 'authenticating'
    const credentials = readCredentials(mechanism, response, settings.mechanisms)
    return after(settings.authenticate(credentials, peer), (login) =>
      this.#authenticated(login, mechanism),
    )
  }

  #authenticated(login: Login | undefined, mechanism: string): void {
    if (login === undefined)
      throw accessRefused(
        `Login was refused using authentication mechanism ${mechanism}. For details see the broker logfile.`,
      )
    this.#login = login
    this.#state = 'tuning'
    const { channelMax, frameMax, heartbeat } = this.#side.settings
    this.#side.send({ name: 'connection.tune', channelMax, frameMax, heartbeat })
  }

  #tuneOk(method: MethodNamed<'connection.tune-ok'>): void {
    const { settings } = this.#side
    checkTuning(method, settings, frameMaxLeast(settings.compat))
    const { channelMax, frameMax, heartbeat } = method
    const frameMaxOf43 = frameMaxLeast('rabbitmq-4.3')
    if (frameMax !== 0 && frameMax < frameMaxOf43)
      this.#side.warn(
        'frame_max',
        `frame_max ${frameMax} is below the ${frameMaxOf43} that RabbitMQ 4.1 and later ask for`,
      )
    this.#state = 'opening'
    this.#side.tuned({ channelMax, frameMax, heartbeat })
  }

  #open(method: MethodNamed<'connection.open'>): Later<void> {
    this.#state = 'entering'
    return after(this.#side.enter(method.virtualHost, this.#login as Login), (opened) => {
      this.#side.opened(opened)
      this.#side.send({ name: 'connection.open-ok' })
    })
  }
}
