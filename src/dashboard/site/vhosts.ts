/*
 * Which virtual hosts are looked at.
 */

import { chosenVhost } from './preferences.ts'
import { identity } from './session.ts'

/** Those that the user may enter. */
export const allVhosts = (): readonly string[] => identity.value?.virtualHosts ?? []

/** Undefined for all of them. */
export function shownVhost(): string | undefined {
  const chosen = chosenVhost.value
  return chosen !== '' && allVhosts().includes(chosen) ? chosen : undefined
}

/** Where there has to be one: the chosen one, `/`, or the first there is. */
export function oneVhost(): string {
  return shownVhost() ?? (allVhosts().includes('/') ? '/' : (allVhosts()[0] ?? '/'))
}

/** Whether names are shown with their virtual host. */
export const hasManyVhosts = (): boolean => allVhosts().length > 1 && shownVhost() === undefined

/** The list of what there is in the virtual host that is looked at, or in all. */
export const listPath = (kind: string): string => {
  const vhost = shownVhost()
  return vhost === undefined ? `api/${kind}` : `api/${kind}/${encodeURIComponent(vhost)}`
}
