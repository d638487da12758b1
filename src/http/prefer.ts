/*
 * `Prefer: wait=N` and `respond-async` (RFC 7240): how long the client would wait for the result.
 */

import { limits } from '../limits.ts'

export interface Preference {
  /** 0: the answer is to come at once. */
  readonly waitMs: number
  /** For `Preference-Applied`; undefined when nothing was preferred. */
  readonly applied: string | undefined
}

const none: Preference = { waitMs: 0, applied: undefined }

/** What is not understood is not preferred; a longer wait than allowed is cut, and the answer says so. */
export function preferenceFrom(prefer: string | null): Preference {
  if (prefer === null) return none
  const named = (name: string): RegExpExecArray | null =>
    new RegExp(`(?:^|[,;])\\s*${name}\\s*(?:=\\s*"?([^",;\\s]*)"?)?\\s*(?=[,;]|$)`, 'i').exec(
      prefer,
    )
  const wait = named('wait')?.[1]
  if (wait === undefined || !/^\d{1,9}$/.test(wait)) {
    return named('respond-async') === null ? none : { waitMs: 0, applied: 'respond-async' }
  }
  const seconds = Math.min(Number(wait), limits.httpWaitMsMax / 1_000)
  return { waitMs: seconds * 1_000, applied: `wait=${seconds}` }
}

/** The header that tells it. */
export const preferenceHeader = ({ applied }: Preference): Readonly<Record<string, string>> =>
  applied === undefined ? {} : { 'preference-applied': applied, vary: 'Prefer' }
