/*
 * Who a request comes from: the session of a browser, name and password, or a client's certificate.
 *
 *   Cookie ─▶ session            Authorization: Basic ─▶ Admissions, as for AMQP           certificate ─▶ the same
 *
 * Rules: a wrong or finished session is nobody, never an error by itself; a wrong password is an error,
 * also on an open route. Names are bytes on the wire, here they are UTF-8.
 */

import { Buffer } from 'node:buffer'
import type { PeerFacts } from '../amqp/admission.ts'
import { HomingError } from '../errors.ts'
import type { Admissions } from '../server/admissions.ts'
import type { BrowserSession, BrowserSessions } from './browser-sessions.ts'

export interface Presented {
  readonly peer: PeerFacts
  readonly authorization: string | undefined
  readonly cookie: string | undefined
  readonly isGone: () => boolean
}

/** Who was found. */
export interface Presenter {
  /** '' for nobody. */
  readonly user: string
  /** The session that the user came by, if by one. */
  readonly session?: BrowserSession | undefined
}

export const cookieName = (tls: boolean): string => (tls ? '__Host-homing' : 'homing_session')

export class Authentication {
  readonly #admissions: Admissions
  readonly #sessions: BrowserSessions

  constructor(admissions: Admissions, sessions: BrowserSessions) {
    this.#admissions = admissions
    this.#sessions = sessions
  }

  /** Fails with `login-refused`. */
  async presenter(presented: Presented): Promise<Presenter> {
    const { authorization, peer, cookie, isGone } = presented
    if (authorization !== undefined) {
      const { user, password } = basicFrom(authorization)
      return { user: await this.byPassword(user, password, peer, isGone) }
    }
    const token = tokenFrom(cookie, peer.tls)
    const session = token === undefined ? undefined : this.#sessions.find(token)
    if (session !== undefined) return { user: session.user, session }
    if (peer.certificateUser === undefined) return { user: '' }
    const login = await this.#admissions.authenticate({ mechanism: 'EXTERNAL' }, peer, isGone)
    if (login === undefined) throw refused()
    return { user: login.user }
  }

  /** Fails with `login-refused`. */
  async byPassword(
    user: string,
    password: Uint8Array,
    peer: PeerFacts,
    isGone: () => boolean = () => false,
  ): Promise<string> {
    const credentials = { mechanism: 'PLAIN', user, password } as const
    const login = await this.#admissions.authenticate(credentials, peer, isGone)
    if (login === undefined) throw refused()
    return login.user
  }
}

export function tokenFrom(cookie: string | undefined, tls: boolean): string | undefined {
  const name = cookieName(tls)
  for (const pair of cookie?.split(';') ?? []) {
    const at = pair.indexOf('=')
    if (at >= 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}

/** Over TLS the browser gives it back over TLS only, and to no other host of the domain. */
export const cookieOf = (token: string, tls: boolean): string =>
  `${cookieName(tls)}=${token}; Path=/; HttpOnly; SameSite=Strict${tls ? '; Secure' : ''}${token === '' ? '; Max-Age=0' : ''}`

function basicFrom(authorization: string): { user: string; password: Uint8Array } {
  const [, encoded] = /^basic +([a-z0-9+/=_-]+)$/i.exec(authorization) ?? []
  const bytes = Buffer.from(encoded ?? '', 'base64')
  const colon = bytes.indexOf(0x3a)
  if (encoded === undefined || colon < 0) {
    throw new HomingError(
      'login-refused',
      'the header Authorization is not understood; send Basic with name and password',
    )
  }
  return { user: bytes.toString('utf8', 0, colon), password: bytes.subarray(colon + 1) }
}

/** The same words whatever was wrong; the log says it. */
const refused = (): HomingError =>
  new HomingError('login-refused', 'user name or password is wrong, or may not be used from here')
