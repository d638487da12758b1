/*
 * The broker put together:
 *
 *   sockets ─▶ connections ─▶ admissions ─▶ virtual hosts ─▶ engine
 *                 ▲                │
 *              alarms         definitions
 *
 *   start  engine is open ─▶ virtual hosts ─▶ ports
 *   stop   ports ─▶ clients told, what they hold goes back ─▶ virtual hosts ─▶ engine
 *
 * Rule: it owns the engine it was given, and closes it last. The engine serves the library at the same
 * time; whoever else is to serve it (HTTP, joiners) takes `engine` and `accounts` from here.
 */

import type net from 'node:net'
import type { Login, Opening, PeerFacts } from '../amqp/admission.ts'
import type { ConnectionFacts } from '../amqp/connection-facts.ts'
import type { Listening } from '../amqp/listen-address.ts'
import { type AmqpError, connectionForced } from '../amqp/protocol/amqp-error.ts'
import { AmqpServer, type Reception } from '../amqp/server.ts'
import type { ConnectionSettings, Mechanism } from '../amqp/settings.ts'
import type { Clock } from '../clock.ts'
import { durationMs } from '../duration.ts'
import type { Broker } from '../embedded/broker.ts'
import { HomingError } from '../errors.ts'
import type { HttpListening } from '../http/http-settings.ts'
import type { OpenedHttp } from '../http/open-http.ts'
import type { ImportedInto } from '../http/rabbitmq/definitions-import.ts'
import type { Site } from '../http/site.ts'
import { AccountLimits } from './account-limits.ts'
import { Accounts } from './accounts.ts'
import { Admissions } from './admissions.ts'
import { Alarms, type Gauge } from './alarms.ts'
import type { AuditLog } from './audit-log.ts'
import type { BrokerTraces } from './broker-traces.ts'
import { ClientLinks } from './client-links.ts'
import { admissionSettings, type CommonSettings, commonSettings } from './connection-settings.ts'
import type { DefinitionsStore } from './definitions-store.ts'
import { type Marks, marksOf } from './gauges.ts'
import { KnownHosts } from './known-hosts.ts'
import { LiveSessions } from './live-sessions.ts'
import { PasswordChecks } from './password-checks.ts'
import { Policies } from './policies.ts'
import { differences } from './reloading.ts'
import type { RunningServer } from './running-server.ts'
import { ScarceLog } from './scarce-log.ts'
import { ServedFacts } from './served-facts.ts'
import { noLog, type ServerLog } from './server-log.ts'
import { checkSettings, type Reloaded, type ServerSettings } from './server-settings.ts'
import type { UserSession } from './user-session.ts'

export interface BrokerServerParts {
  readonly engine: Broker
  readonly definitions: DefinitionsStore
  /** Closed with the server. */
  readonly audit: AuditLog
  /** Of connections and alarms. */
  readonly clock: Clock
  /** Of passwords, whose checks are real work also where time stands still. */
  readonly realClock: Clock
  /** Made for marks that a reload may change. */
  readonly gauges: (marks: () => Marks) => readonly Gauge[]
  readonly settings: ServerSettings
  /** Of the data; undefined in memory. */
  readonly directory?: string
  /** Opens the socket of the data directory, by which its owner comes without a password. */
  readonly openOwnerSocket?: (take: (socket: net.Socket) => void) => Promise<Closeable | undefined>
  /** Takes in what a file defines, before anybody can connect. */
  readonly takeDefinitions?: (into: ImportedInto) => Promise<void>
  /** Closed last, with what the end of the engine brings about. */
  readonly traces?: BrokerTraces | undefined
  /** Opens the HTTP side. */
  readonly openHttp?: (
    site: Omit<Site, 'settings'>,
    limits: ServerSettings['limits'],
  ) => Promise<OpenedHttp>
}

interface Closeable {
  close(): void
}

export class BrokerServer implements RunningServer {
  readonly engine: Broker
  readonly accounts: Accounts
  readonly policies: Policies
  readonly limits: AccountLimits
  readonly #parts: BrokerServerParts
  readonly #log: ServerLog
  /** About those who are not let in. */
  readonly #strangers: ScarceLog
  readonly #sessions = new LiveSessions()
  readonly #clientLinks = new ClientLinks()
  readonly #hosts: KnownHosts
  readonly #admissions: Admissions
  readonly #alarms: Alarms
  readonly #amqp: AmqpServer
  #common: CommonSettings
  /** In force: what was given, and what reloads have changed. */
  #settings: ServerSettings
  #reloading: Promise<unknown> = Promise.resolve()
  readonly #unwatch: () => void
  #listening: readonly Listening[] = []
  #ownerSocket: Promise<Closeable | undefined> | undefined
  #http: OpenedHttp | undefined
  #stopping: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(parts: BrokerServerParts) {
    const { engine, definitions, clock, settings } = parts
    const { log = noLog } = settings
    this.#parts = parts
    this.#settings = settings
    this.#log = log
    this.#strangers = new ScarceLog(log, parts.realClock)
    this.engine = engine
    this.accounts = new Accounts(definitions)
    this.policies = new Policies(definitions)
    this.limits = new AccountLimits(definitions)
    this.#hosts = new KnownHosts({ engine, definitions, clock, log })
    this.#admissions = new Admissions({
      definitions,
      checks: new PasswordChecks(parts.realClock),
      sessions: this.#sessions,
      log: this.#strangers,
      audit: parts.audit,
      virtualHost: (name) => this.#hosts.find(name),
      settings: admissionSettings(settings),
    })
    this.#common = commonSettings(settings)
    this.#amqp = new AmqpServer({
      clock,
      meet: (peer) => this.#meet(peer),
      turnedAway: (address, why) => this.#strangers.warn({ peer: address }, `turned away: ${why}`),
      limits: settings.limits,
    })
    const gauges = parts.gauges(() => marksOf(this.#settings))
    const changed = (reason: string | undefined): void => this.#alarmChanged(reason)
    this.#alarms = new Alarms({ clock, log, gauges, changed })
    this.#unwatch = definitions.watch((before, after) => {
      this.#sessions.revoke(before, after)
      this.#hosts.changed(after)
    })
  }

  /** Opens the virtual hosts and the ports. Fails with `address-in-use`, `address-refused`, `bad-certificate`. */
  async start(): Promise<void> {
    const { listen = [{ host: '127.0.0.1', port: 5672 }] } = this.#settings
    try {
      await this.#hosts.open()
      await this.#parts.takeDefinitions?.(this.#site())
      const listening: Listening[] = []
      for (const address of listen) listening.push(await this.#amqp.listen(address))
      this.#listening = listening
      this.#ownerSocket = this.#parts.openOwnerSocket?.((socket) => this.takeOwner(socket))
      await this.#ownerSocket
      this.#http = await this.#parts.openHttp?.(this.#site(), this.#settings.limits)
    } catch (error) {
      await this.close()
      throw error
    }
    for (const { url } of [...this.#listening, ...this.httpListening])
      this.#log.info({ url }, 'listening')
  }

  get listening(): readonly Listening[] {
    return this.#listening
  }

  get httpListening(): readonly HttpListening[] {
    return this.#http?.listening ?? []
  }

  /** Loads what was left for after the start. */
  warm(): void {
    this.#http?.warm()
  }

  /** The connections of now, for lists and pages. */
  connections(): readonly ConnectionFacts[] {
    return [...this.#amqp.connections].map(({ facts }) => facts)
  }

  /** Why publishers are blocked; undefined when they are not. */
  get blockedFor(): string | undefined {
    return this.#alarms.reason
  }

  /** Ends the connections of that name; false when there is none. */
  closeConnection(name: string, reason: string): boolean {
    const found = this.#amqp.named(name)
    for (const connection of found) connection.close(connectionForced(reason))
    return found.length > 0
  }

  /** Ends a consumer and tells its client; false when there is none of that tag. */
  cancelConsumer(connection: string, channel: number, consumerTag: string): boolean {
    return this.#amqp
      .named(connection)
      .some((one) => one.channel(channel)?.cancelConsumer(consumerTag) === true)
  }

  /** Serves one who came by the socket that nobody but the data directory's owner can open. */
  takeOwner(socket: net.Socket): void {
    this.#amqp.takeOwner(socket)
  }

  reload(settings?: ServerSettings): Promise<Reloaded> {
    if (settings === undefined) return this.#reloadConfiguration()
    const reloaded = this.#reloading.then(() => this.#reload(settings))
    this.#reloading = reloaded.catch(() => undefined)
    return reloaded
  }

  async #reloadConfiguration(): Promise<Reloaded> {
    const { reloadConfiguration } = this.#settings
    if (reloadConfiguration !== undefined) return await reloadConfiguration()
    throw new HomingError(
      'unsupported',
      'this server was started by a program and has no configuration to read; give reload() its settings',
    )
  }

  async #reload(wanted: ServerSettings): Promise<Reloaded> {
    checkSettings(wanted, 'reload', ['listen'])
    const { changed, needsRestart, next } = differences(this.#settings, wanted)
    // First of all, since only this can fail.
    if (changed.includes('tls')) await this.#amqp.renewTls(next.listen ?? [])
    if (changed.includes('tls')) await this.#http?.renewTls(next.http?.listen ?? [])
    this.#settings = next
    this.#common = commonSettings(next)
    this.#admissions.settings = admissionSettings(next)
    this.#amqp.setLimits(next.limits)
    this.#http?.setLimits(next.limits)
    return { changed, needsRestart }
  }

  /** Tells the clients, gives back what they hold, closes the engine. */
  close(): Promise<void> {
    this.#closing ??= this.stop()
      .finally(() => this.engine.close())
      .finally(() => this.#parts.traces?.close())
      .then(() => this.#log.info({}, 'stopped'))
    return this.#closing
  }

  /** Tells the clients, gives back what they hold. The engine goes on. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const ownerSocket = await this.#ownerSocket?.catch(() => undefined)
    ownerSocket?.close()
    this.#alarms.stop()
    this.#unwatch()
    await this.#http?.close()
    await this.#drain()
    await this.#amqp.close()
    await this.#hosts.close()
    this.#parts.audit.close()
  }

  /** What clients hold and have nearly done is not to be done again. */
  async #drain(): Promise<void> {
    const graceMs = durationMs(this.#settings.grace ?? 0, 'grace')
    if (graceMs === 0) return
    const held = await this.#amqp.drain(graceMs)
    if (held > 0) {
      this.#log.warn({ held, graceMs }, 'the grace time is over: what is not settled goes back')
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #site(): Omit<Site, 'settings'> {
    const { engine, accounts, policies, limits } = this
    const { definitions, audit, realClock: clock } = this.#parts
    const server = new ServedFacts(this, {
      settings: () => this.#settings,
      isStopping: () => this.#stopping !== undefined,
      watchAlarms: () => this.#alarms.watch(),
      directory: this.#parts.directory,
      sessions: this.#sessions,
      admissions: this.#admissions,
      traces: this.#parts.traces,
    })
    const [admissions, hosts, log] = [this.#admissions, this.#hosts, this.#log]
    return {
      engine,
      definitions,
      audit,
      accounts,
      policies,
      limits,
      admissions,
      hosts,
      server,
      clock,
      log,
    }
  }

  #alarmChanged(reason: string | undefined): void {
    if (reason === undefined) this.#amqp.unblocked()
    else this.#amqp.blocked(reason)
  }

  #meet(peer: PeerFacts): Reception {
    let session: UserSession | undefined
    let clientLink: ReturnType<ClientLinks['opened']>
    const facts = { peer: `${peer.address}:${peer.port}` }
    const log = this.#log
    log.debug(facts, 'connected')
    const openVirtualHost = (name: string, login: Login, opening: Opening) => {
      const opened = this.#admissions.open(name, login, opening)
      const from = peer.isOwner ? 'data directory' : peer.address
      const noted = { user: login.user, from, on: `virtual host ${name}` }
      this.#parts.audit.note({ ...noted, action: 'login', result: 'done' })
      session = opened.session
      this.#sessions.add(session, opening.close)
      const { user, vhost } = session
      const scope = `${user}\n${vhost}`
      clientLink = this.#clientLinks.opened(scope, opening.clientProperties, opening.close)
      log.info({ ...facts, user, vhost, client: opening.givenName }, 'logged in')
      return opened
    }
    let isGone = false
    const authenticate: ConnectionSettings['authenticate'] = (credentials) =>
      this.#admissions.authenticate(credentials, peer, () => isGone)
    const mechanisms = this.#mechanismsFor(peer)
    return {
      settings: { ...this.#common, mechanisms, authenticate, openVirtualHost },
      disconnected: () => {
        isGone = true
      },
      watch: {
        opened: () => this.#alarms.watch(),
        over: (why) => {
          if (session !== undefined) this.#sessions.delete(session)
          clientLink?.over()
          if (this.#sessions.count === 0) this.#alarms.rest()
          log[session === undefined ? 'debug' : 'info'](
            { ...facts, user: session?.user, why },
            'gone',
          )
        },
        refused: (error) => {
          if (session !== undefined) {
            log.warn({ ...facts, user: session.user }, error.replyText)
            this.#noteRefusal(session, peer, error)
          }
          // Why a login was refused has been told by who refused it.
          else if (error.replyCode !== 403) this.#strangers.warn(facts, error.replyText)
        },
        warned: (feature, text) => log.warn({ ...facts, user: session?.user, feature }, text),
        broke: (thrown) => log.error({ ...facts, error: thrown, stack: stackOf(thrown) }, 'broken'),
      },
    }
  }

  /** What a session may not do; other errors of clients are no matter of rights. */
  #noteRefusal({ user }: UserSession, { address: from }: PeerFacts, error: AmqpError): void {
    if (error.replyCode !== 403) return
    const [action, on] = ['amqp', error.replyText]
    this.#parts.audit.note({ user, from, action, on, result: 'refused', code: 'access-refused' })
  }

  /** A password is not even asked for where it must not be sent. */
  #mechanismsFor(peer: PeerFacts): readonly Mechanism[] {
    // No password is looked at: who can open the socket is who may.
    if (peer.isOwner) return all
    const byPassword = this.#admissions.takesPasswords(peer)
    if (peer.certificateUser === undefined && !byPassword) {
      this.#strangers.warn({ peer: peer.address }, 'no way to log in without encryption; use TLS')
      return none
    }
    if (peer.certificateUser === undefined) return passwordOnly
    return byPassword ? all : certificateOnly
  }
}

const none: readonly Mechanism[] = []
const passwordOnly: readonly Mechanism[] = ['PLAIN', 'AMQPLAIN']
const certificateOnly: readonly Mechanism[] = ['EXTERNAL']
const all: readonly Mechanism[] = ['PLAIN', 'AMQPLAIN', 'EXTERNAL']

const stackOf = (thrown: unknown): string | undefined =>
  thrown instanceof Error ? thrown.stack : undefined
