/*
 * What of requests the audit log is told: every change, done or not, and whatever was refused.
 *
 * Rules: paths only, no query and no body, so no secret. Refused logins are told by those who check them.
 */

import type { AuditLog } from '../server/audit-log.ts'
import type { Route } from './route.ts'

export interface Audited {
  readonly route: Pick<Route, 'method' | 'path' | 'unaudited'>
  /** '' for nobody. */
  readonly user: string
  readonly from: string
  readonly url: string
}

const refusals: ReadonlySet<string> = new Set(['access-refused', 'origin-refused', 'read-only'])

export function noteDone(audit: AuditLog, audited: Audited): void {
  const { route } = audited
  if (route.method === 'get' || route.unaudited === true) return
  audit.note({ ...factsOf(audited), result: 'done' })
}

export function noteError(audit: AuditLog, audited: Audited, code: string): void {
  const { route } = audited
  const isRefusal = refusals.has(code)
  const isChange = route.method !== 'get' && route.unaudited !== true
  if (!isRefusal && (!isChange || code === 'login-refused')) return
  audit.note({ ...factsOf(audited), result: isRefusal ? 'refused' : 'failed', code })
}

const factsOf = ({ route, user, from, url }: Audited) => ({
  user,
  from,
  action: `${route.method} ${route.path}`,
  on: decoded(new URL(url).pathname),
})

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
