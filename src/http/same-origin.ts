/*
 * Whether a request may come from where it says it comes from.
 *
 *   Host             one of our addresses or names: else a page could reach us under a name of its own
 *                    that it lets point to this machine
 *   Origin           when a browser says it, it must be the one of the request itself
 *   Sec-Fetch-Site   when a browser says it, `same-origin`; or `none`, typed by the user, for reading
 *
 * Programs send neither of the last two.
 */

import net from 'node:net'
import { HomingError } from '../errors.ts'
import { isLoopback } from '../server/loopback.ts'

export interface OriginSettings {
  /** Names under which the server is reached beside its addresses. */
  readonly hostNames: ReadonlySet<string>
}

export interface Arriving {
  readonly method: string
  readonly tls: boolean
  /** The address that the client connected to. */
  readonly localAddress: string
  header(name: string): string | undefined
}

/** Fails with `origin-refused`. */
export function checkOrigin(arriving: Arriving, settings: OriginSettings): void {
  const host = arriving.header('host')
  if (host === undefined || !isOurs(host, arriving.localAddress, settings)) {
    throw refused(
      `the host name "${shown(host)}" is not this server's; add it to the host names of its HTTP settings`,
    )
  }
  const origin = arriving.header('origin')
  const own = `${arriving.tls ? 'https' : 'http'}://${host}`
  if (origin !== undefined && origin.toLowerCase() !== own.toLowerCase()) {
    throw refused(`a page of ${shown(origin)} sent this; only pages of this server may`)
  }
  const site = arriving.header('sec-fetch-site')
  const isRead = arriving.method === 'GET' || arriving.method === 'HEAD'
  const fits = site === undefined || site === 'same-origin' || (isRead && site === 'none')
  const isNavigation = isRead && arriving.header('sec-fetch-mode') === 'navigate'
  if (!fits && !isNavigation) throw refused('a page of another origin sent this')
}

/** An address is always ours: nobody can let it point elsewhere. A name must be known. */
function isOurs(host: string, localAddress: string, { hostNames }: OriginSettings): boolean {
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase()
  const plain = name.replace(/^\[(.*)\]$/, '$1')
  if (net.isIP(plain) !== 0) return true
  if (name === 'localhost') return isLoopback(localAddress) || hostNames.has(name)
  return hostNames.has(name)
}

const refused = (text: string): HomingError => new HomingError('origin-refused', text)

const shown = (text: string | undefined): string => (text ?? '').slice(0, 100)
