/*
 * What a server takes over from new settings while it runs, and what waits for a restart.
 *
 *   new settings ─▶ compared with those in force ─┬─ can be changed ─▶ changed
 *                                                 └─ cannot        ─▶ needsRestart, as it was
 *
 * Certificates and keys are changed by themselves: the addresses that they belong to stay.
 */

import { isDeepStrictEqual } from 'node:util'
import type { ListenAddress } from '../amqp/listen-address.ts'
import type { HttpSettings } from '../http/http-settings.ts'
import type { Reloaded, ServerSettings } from './server-settings.ts'

type Name = keyof ServerSettings

const reloadable: ReadonlySet<Name> = new Set<Name>([
  ...(['guest', 'allowPlaintext', 'heartbeat', 'frameMax', 'channelMax'] as const),
  ...(['memoryBytesMax', 'diskFreeBytesMin', 'limits', 'grace'] as const),
])

/** Not to be compared: functions, and what the server is given once. */
const ignored: ReadonlySet<Name> = new Set<Name>(['log', 'reloadConfiguration', 'listen'])

export interface Differences extends Reloaded {
  /** What is in force afterwards. */
  readonly next: ServerSettings
}

export function differences(now: ServerSettings, wanted: ServerSettings): Differences {
  const names = new Set([...Object.keys(now), ...Object.keys(wanted)] as readonly Name[])
  const different = [...names].filter(
    (name) => !ignored.has(name) && !isDeepStrictEqual(now[name], wanted[name]),
  )
  const changed: string[] = different.filter((name) => reloadable.has(name))
  const needsRestart: string[] = different.filter((name) => !reloadable.has(name))
  const sameHttp =
    now.http !== undefined &&
    isDeepStrictEqual(withoutTls(now.http), wanted.http && withoutTls(wanted.http))
  if (sameHttp && needsRestart.includes('http')) {
    needsRestart.splice(needsRestart.indexOf('http'), 1)
    changed.push('http.tls')
  }
  const sameAddresses = isDeepStrictEqual(now.listen?.map(place), wanted.listen?.map(place))
  if (!sameAddresses) needsRestart.push('listen')
  else if (!isDeepStrictEqual(now.listen, wanted.listen)) changed.push('tls')
  const next = {
    ...now,
    ...Object.fromEntries(
      changed.filter((name) => !name.endsWith('tls')).map((name) => [name, wanted[name as Name]]),
    ),
    ...(sameHttp && wanted.http && { http: wanted.http }),
    ...(sameAddresses && wanted.listen && { listen: wanted.listen }),
  }
  return { changed, needsRestart, next }
}

const withoutTls = (http: HttpSettings): unknown => ({ ...http, listen: http.listen.map(place) })

/** What of an address cannot be changed while it is listened on. */
function place(address: ListenAddress): unknown {
  if ('path' in address) return address
  const { host, port, tls } = address
  if (tls === undefined) return { host, port }
  const { ca, verifyPeer = false, userFrom = 'common-name' } = tls
  return { host, port, asksForCertificates: ca !== undefined, verifyPeer, userFrom }
}
