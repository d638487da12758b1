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
const ignored: ReadonlySet<Name> = new Set<Name>(['log', 'reloadConfiguration', 'listen', 'http'])

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
  const next: { -readonly [N in Name]?: ServerSettings[N] } = { ...now }
  for (const name of changed) Object.assign(next, { [name]: wanted[name as Name] })
  const amqp = addressChange(now.listen, wanted.listen)
  const sameHttp = isDeepStrictEqual(withoutAddresses(now.http), withoutAddresses(wanted.http))
  const http = sameHttp ? addressChange(now.http?.listen, wanted.http?.listen) : 'places'
  if (amqp === 'places') needsRestart.push('listen')
  else if (wanted.listen !== undefined) next.listen = wanted.listen
  if (http === 'places') needsRestart.push('http')
  else if (wanted.http !== undefined) next.http = wanted.http
  if (amqp === 'certificates' || http === 'certificates') changed.push('tls')
  return { changed, needsRestart, next }
}

const withoutAddresses = (http: HttpSettings | undefined): unknown =>
  http && { ...http, listen: [] }

function addressChange(
  now: readonly ListenAddress[] | undefined,
  wanted: readonly ListenAddress[] | undefined,
): 'none' | 'places' | 'certificates' {
  if (!isDeepStrictEqual(now?.map(place), wanted?.map(place))) return 'places'
  return isDeepStrictEqual(now, wanted) ? 'none' : 'certificates'
}

/** What of an address cannot be changed while it is listened on. */
function place(address: ListenAddress): unknown {
  if ('path' in address) return address
  const { host, port, tls } = address
  if (tls === undefined) return { host, port }
  const { ca, verifyPeer = false, userFrom = 'common-name' } = tls
  return { host, port, asksForCertificates: ca !== undefined, verifyPeer, userFrom }
}
