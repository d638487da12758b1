/*
 * Who is let in, and into which virtual host. Every refusal looks the same to the client; the log says
 * why.
 *
 *   authenticate ─▶ by password or certificate ─▶ a login
 *   open ─▶ virtual host there? ─▶ permission in it? ─▶ limits of both ─▶ a session
 *
 * Who comes by the socket of the data directory owns it: no password, no limits, every right.
 *
 * Rules: guest comes from this machine only; a password in plain text does so too, unless that is
 * allowed. Between the look at a limit and the count there is no wait.
 */

import type {
  Credentials,
  Login,
  OpenedVirtualHost,
  Opening,
  PeerFacts,
} from '../amqp/admission.ts'
import { notAllowed } from '../amqp/protocol/amqp-error.ts'
import type { VirtualHost } from '../virtual-host/port.ts'
import type { AuditLog } from './audit-log.ts'
import type { UserRecord, VirtualHostRecord } from './definitions-state.ts'
import type { DefinitionsStore } from './definitions-store.ts'
import { guestName } from './first-start.ts'
import type { LiveSessions } from './live-sessions.ts'
import { isLoopback } from './loopback.ts'
import { hashPassword, isImported, verifyPassword } from './password.ts'
import type { PasswordChecks } from './password-checks.ts'
import { mayEnter } from './permissions.ts'
import type { ServerLog } from './server-log.ts'
import { changeUser } from './user-changes.ts'
import { UserSession } from './user-session.ts'

export interface AdmissionSettings {
  readonly guest: boolean
  readonly allowPlaintext: boolean
  readonly compat: 'rabbitmq-4.3' | undefined
}

export interface AdmissionParts {
  readonly definitions: DefinitionsStore
  readonly checks: PasswordChecks
  readonly sessions: LiveSessions
  readonly log: Pick<ServerLog, 'warn'>
  readonly audit: Pick<AuditLog, 'note'>
  /** Opens the virtual host; undefined when it is not there. */
  readonly virtualHost: (name: string) => VirtualHost | undefined
  readonly settings: AdmissionSettings
}

export class Admissions {
  readonly #parts: AdmissionParts

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  /** Whether a peer may send a password at all. */
  takesPasswords(peer: PeerFacts): boolean {
    return peer.tls || this.#parts.settings.allowPlaintext || isLoopback(peer.address)
  }

  /** `isGone` tells that nobody waits any more: what is still to be checked is left then. */
  async authenticate(
    credentials: Credentials,
    peer: PeerFacts,
    isGone: () => boolean = () => false,
  ): Promise<Login | undefined> {
    if (peer.isOwner) return { user: ownerName }
    return credentials.mechanism === 'EXTERNAL'
      ? this.#byCertificate(peer)
      : this.#byPassword(credentials, peer, isGone)
  }

  #byCertificate(peer: PeerFacts): Login | undefined {
    const user = peer.certificateUser
    if (user === undefined)
      return this.#refuse(peer, '', 'it showed no certificate that names a user')
    if (!this.#parts.definitions.state.users.has(user)) {
      return this.#refuse(peer, user, 'its certificate names nobody who is known here')
    }
    return this.#isGuestElsewhere(user, peer) ? this.#refuse(peer, user, guestRule) : { user }
  }

  async #byPassword(
    { user, password }: Exclude<Credentials, { readonly mechanism: 'EXTERNAL' }>,
    peer: PeerFacts,
    isGone: () => boolean,
  ): Promise<Login | undefined> {
    if (!this.takesPasswords(peer)) {
      return this.#refuse(peer, user, 'a password over an unencrypted connection; use TLS')
    }
    const { definitions, checks } = this.#parts
    const shut = this.#isGuestElsewhere(user, peer)
    const known = shut ? undefined : definitions.state.users.get(user)
    const stored = known?.passwordHash
    const right = await checks.check({ user, stored, password, address: peer.address, isGone })
    if (isGone()) return undefined
    if (shut) return this.#refuse(peer, user, guestRule)
    if (!right) return this.#refuse(peer, user, 'unknown user or wrong password')
    if (isImported(stored ?? '')) return this.#byImported(user, password, { stored, peer })
    // Deleted, or given another password, while it was checked.
    const still = definitions.state.users.get(user)?.passwordHash === stored
    return still ? { user } : this.#refuse(peer, user, changedMeanwhile)
  }

  /** The password was right for a hash that came from RabbitMQ: from now on ours stands in its place. */
  async #byImported(
    user: string,
    password: Uint8Array,
    { stored, peer }: { readonly stored: string | undefined; readonly peer: PeerFacts },
  ): Promise<Login | undefined> {
    const { definitions } = this.#parts
    const passwordHash = await hashPassword(password)
    const hashOfNow = (): string | undefined => definitions.state.users.get(user)?.passwordHash
    if (hashOfNow() === stored) definitions.change(changeUser(user, { passwordHash }))
    const now = hashOfNow()
    // Another login of the same moment may have put its own there.
    const isRight =
      now === passwordHash || (now !== undefined && (await verifyPassword(password, now)))
    return isRight && hashOfNow() === now ? { user } : this.#refuse(peer, user, changedMeanwhile)
  }

  #isGuestElsewhere(user: string, peer: PeerFacts): boolean {
    return user === guestName && !(this.#parts.settings.guest && isLoopback(peer.address))
  }

  #refuse(peer: PeerFacts, user: string, why: string): undefined {
    const { log, audit } = this.#parts
    log.warn({ peer: peer.address, user }, `login refused: ${why}`)
    const noted = { user, from: peer.address, action: 'login', on: why }
    audit.note({ ...noted, result: 'refused', code: 'login-refused' })
  }

  /** Throws the AmqpError of what refuses it. */
  open(name: string, login: Login, opening: Opening): OpenedVirtualHost & { session: UserSession } {
    const { definitions, sessions, virtualHost, settings } = this.#parts
    const { state } = definitions
    const vhost = state.vhosts.get(name)
    if (vhost === undefined) throw notAllowed(`vhost ${name} not found`)
    const { isOwner = false } = opening.peer
    const tags = isOwner ? ownerTags : this.#entering(name, vhost, login)
    const host = virtualHost(name)
    if (host === undefined) throw notAllowed(`vhost ${name} not found`)
    const session = new UserSession(definitions, {
      user: login.user,
      isOwner,
      tags,
      vhost: name,
      connectionName: opening.name,
      compat: settings.compat,
      warnPortability: (feature, text) => opening.warnings.note(feature, text),
    })
    return {
      host,
      session,
      takeChannel: () =>
        isOwner ? sessions.takeChannel(login.user) : this.#takeChannel(login.user),
      giveChannel: () => sessions.giveChannel(login.user),
    }
  }

  /** The tags of a user who may come in. */
  #entering(name: string, vhost: VirtualHostRecord, login: Login): readonly string[] {
    const { definitions, sessions } = this.#parts
    const { state } = definitions
    const user = state.users.get(login.user)
    const refused = `access to vhost '${name}' refused for user '${login.user}'`
    if (user === undefined || !mayEnter(state, login.user, name)) throw notAllowed(refused)
    checkConnections(sessions, user, { name, max: vhost.connectionsMax, refused })
    return user.tags
  }

  #takeChannel(name: string): void {
    const { definitions, sessions } = this.#parts
    const max = definitions.state.users.get(name)?.channelsMax
    if (max !== undefined && sessions.channelsOf(name) >= max) {
      throw notAllowed(
        `number of channels opened for user '${name}' has reached the maximum allowed user limit of (${max})`,
      )
    }
    sessions.takeChannel(name)
  }
}

/** Who owns the data directory is no user of the definitions, whatever their names. */
const ownerName = 'owner'
const ownerTags: readonly string[] = ['administrator']

const changedMeanwhile = 'the user was changed meanwhile'
const guestRule = 'guest may come from this machine only, if at all'

function checkConnections(
  sessions: LiveSessions,
  user: UserRecord,
  vhost: { readonly name: string; readonly max: number | undefined; readonly refused: string },
): void {
  if (vhost.max !== undefined && sessions.connectionsIn(vhost.name) >= vhost.max) {
    throw notAllowed(`${vhost.refused}: connection limit (${vhost.max}) is reached`)
  }
  const max = user.connectionsMax
  if (max !== undefined && sessions.connectionsOf(user.name) >= max) {
    throw notAllowed(
      `connection refused for user '${user.name}': user connection limit (${max}) is reached`,
    )
  }
}
