/*
 * What of a virtual host a caller is shown: everything for monitoring, else what the user has any right on.
 */

import type { Right } from '../../virtual-host/port.ts'
import type { Caller } from '../caller.ts'

export interface Visibility {
  /** Whether the queue or exchange is shown. */
  sees(name: string): boolean
  /** What the user may do with it. */
  rights(name: string): Readonly<Record<Right, boolean>>
}

export function visibilityOf(caller: Caller, vhost: string): Visibility {
  const session = caller.session(vhost)
  const seesAll = caller.has('monitoring')
  const rights = (name: string) => ({
    configure: session.may('configure', name),
    write: session.may('write', name),
    read: session.may('read', name),
  })
  return {
    rights,
    sees(name) {
      if (seesAll) return true
      const { configure, write, read } = rights(name)
      return configure || write || read
    },
  }
}
