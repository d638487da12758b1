/*
 * Changes of virtual hosts and policies. Each takes a state and returns the next.
 */

import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import { policyFault } from '../virtual-host/policy.ts'
import {
  type Change,
  checkName,
  knownVirtualHost,
  type PolicyRecord,
  shown,
  type TopicPermission,
  type VirtualHostRecord,
  withEntry,
  without,
} from './definitions-state.ts'
import { patternFault } from './permission-pattern.ts'

export type VirtualHostSettings = Partial<Omit<VirtualHostRecord, 'name'>>

/** Fails with `definition-exists`, `bad-name`. */
export function addVirtualHost(name: string, settings: VirtualHostSettings = {}): Change {
  return (state) => {
    checkName('virtual host', name)
    if (state.vhosts.has(name)) {
      throw new HomingError('definition-exists', `there is a virtual host "${shown(name)}" already`)
    }
    const vhost: VirtualHostRecord = {
      description: '',
      defaultQueueType: undefined,
      connectionsMax: undefined,
      queuesMax: undefined,
      ...settings,
      name,
    }
    return { ...state, vhosts: withEntry(state.vhosts, name, vhost) }
  }
}

/** With its permissions and policies. Fails with `definition-unknown`. */
export function deleteVirtualHost(name: string): Change {
  return (state) => {
    knownVirtualHost(state, name)
    const inside = ({ vhost }: { readonly vhost: string }): boolean => vhost === name
    const ofIt = (topics: readonly TopicPermission[]): boolean => topics.some(inside)
    return {
      ...state,
      vhosts: without(state.vhosts, (vhost) => vhost.name === name),
      permissions: without(state.permissions, inside),
      topicPermissions: without(state.topicPermissions, ofIt),
      policies: state.policies.filter((policy) => !inside(policy)),
      goneVhosts: [...state.goneVhosts, name],
    }
  }
}

/** Nothing is left of one that was deleted. */
export const virtualHostRemoved =
  (name: string): Change =>
  (state) => ({ ...state, goneVhosts: state.goneVhosts.filter((one) => one !== name) })

/** Fails with `definition-unknown`. */
export function changeVirtualHost(name: string, settings: VirtualHostSettings): Change {
  return (state) => {
    const vhost = knownVirtualHost(state, name)
    return { ...state, vhosts: withEntry(state.vhosts, name, { ...vhost, ...settings, name }) }
  }
}

/** In place of the one of the same name. Fails with `definition-unknown`, `bad-name`, `bad-argument`. */
export function setPolicy(policy: PolicyRecord): Change {
  return (state) => {
    knownVirtualHost(state, policy.vhost)
    checkName('policy', policy.name)
    const fault = policyFault(policy) ?? patternFaultOf(policy)
    if (fault !== undefined) {
      throw new HomingError('bad-argument', `policy "${shown(policy.name)}": ${fault}`)
    }
    const others = state.policies.filter((one) => !isSame(one, policy))
    if (others.length >= limits.definitionsMax) {
      throw new HomingError(
        'bad-argument',
        `there are ${others.length} of at most ${limits.definitionsMax} policies; delete some first`,
      )
    }
    return { ...state, policies: [...others, policy] }
  }
}

/** Nothing when there is none. */
export function clearPolicy(policy: Pick<PolicyRecord, 'vhost' | 'name' | 'operator'>): Change {
  return (state) => {
    knownVirtualHost(state, policy.vhost)
    return { ...state, policies: state.policies.filter((one) => !isSame(one, policy)) }
  }
}

function patternFaultOf({ pattern }: PolicyRecord): string | undefined {
  const fault = patternFault(pattern)
  return fault && `the pattern ${fault}`
}

const isSame = (
  a: Pick<PolicyRecord, 'vhost' | 'name' | 'operator'>,
  b: Pick<PolicyRecord, 'vhost' | 'name' | 'operator'>,
): boolean => a.vhost === b.vhost && a.name === b.name && a.operator === b.operator
