/*
 * Who is logged in, and what they may do. The server decides; here it decides what has a button.
 */

import { computed, signal } from '@preact/signals'
import type { Identity } from '../../http/shapes/identity.ts'
import { ask, get, Problem, whenLoggedOut } from './api.ts'

/** Undefined while it is not known, null for nobody. */
export const identity = signal<Identity | null | undefined>(undefined)

/** Why the session is not known: the server did not answer. */
export const unreachable = signal(false)

whenLoggedOut(() => {
  identity.value = null
})

export async function findIdentity(): Promise<void> {
  try {
    identity.value = await get<Identity>('api/session')
    unreachable.value = false
  } catch (thrown) {
    if (thrown instanceof Problem && thrown.status === 401) identity.value = null
    else unreachable.value = true
  }
}

/** Fails with `Problem`. */
export async function logIn(user: string, password: string): Promise<void> {
  await ask('POST', 'api/session', { json: { user, password } })
  await findIdentity()
}

export async function logOut(): Promise<void> {
  await ask('DELETE', 'api/session').catch(() => undefined)
  identity.value = null
}

export const readOnly = computed(() => identity.value?.readOnly ?? false)

type Access = Identity['access'][number]

export const has = (access: Access): boolean => identity.value?.access.includes(access) ?? false

type Right = 'configure' | 'write' | 'read'

/** Whether the user has that right on something in the virtual host; on which, the server knows. */
export function hasIn(vhost: string | undefined, right: Right): boolean {
  return (identity.value?.permissions ?? []).some(
    (one) => (vhost === undefined || one.vhost === vhost) && !['', '^$'].includes(one[right]),
  )
}

/** The same, where something is changed by it. */
export const mayIn = (vhost: string | undefined, right: Right): boolean =>
  !readOnly.value && hasIn(vhost, right)

/** Whether something may be changed at all by those with that access. */
export const mayChange = (access: Access): boolean => !readOnly.value && has(access)
