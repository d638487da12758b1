/*
 * Users, virtual hosts and policies as RabbitMQ's API shows them. No hash is in any of them.
 */

import type { PolicyFacts } from '../../server/policies.ts'
import type { PolicyObject } from '../shapes/policy.ts'
import type { UserObject } from '../shapes/user.ts'
import type { VirtualHostObject } from '../shapes/virtual-host.ts'
import type { QueueCounts } from './queue-objects.ts'
import { totalsOf } from './queue-totals.ts'
import type { Showing } from './showing.ts'

export const policyObject = ({ applyTo, operator: _, ...policy }: PolicyFacts): PolicyObject => ({
  vhost: policy.vhost,
  name: policy.name,
  pattern: policy.pattern,
  'apply-to': applyTo,
  priority: policy.priority,
  definition: policy.definition,
})

export function userObjects({ site }: Showing): readonly UserObject[] {
  const { permissions } = site.definitions.state
  const hosts = Map.groupBy(permissions.values(), ({ user }) => user)
  const connections = Map.groupBy(site.server.connections(), ({ user }) => user)
  return site.accounts.users().map(({ name, tags, password, connectionsMax, channelsMax }) => ({
    name,
    tags: [...tags],
    limits: {
      ...(connectionsMax !== undefined && { 'max-connections': connectionsMax }),
      ...(channelsMax !== undefined && { 'max-channels': channelsMax }),
    },
    homing: {
      password,
      vhosts: (hosts.get(name) ?? []).map(({ vhost }) => vhost),
      connections: connections.get(name)?.length ?? 0,
    },
  }))
}

export function virtualHostObjects(
  showing: Showing,
  names: readonly string[],
  counts: QueueCounts,
): readonly VirtualHostObject[] {
  const { site } = showing
  const connections = Map.groupBy(site.server.connections(), (one) => one.virtualHost ?? '')
  const users = Map.groupBy(site.definitions.state.permissions.values(), ({ vhost }) => vhost)
  return names.flatMap((name) => {
    const record = site.definitions.state.vhosts.get(name)
    if (record === undefined) return []
    const view = showing.host(name)?.view
    const names = (view?.queues() ?? []).map(({ engineName }) => engineName)
    const { queueTotals, messageStats } = totalsOf(names, counts)
    const { description, defaultQueueType, connectionsMax, queuesMax } = record
    return [
      {
        name,
        description,
        tags: [],
        metadata: { description, tags: [] },
        default_queue_type: defaultQueueType ?? 'undefined',
        tracing: false as const,
        cluster_state: { [showing.node]: 'running' },
        ...queueTotals,
        message_stats: messageStats,
        homing: {
          queues: view?.queueCount ?? 0,
          exchanges: view?.exchanges().length ?? 0,
          connections: connections.get(name)?.length ?? 0,
          users: users.get(name)?.length ?? 0,
          limits: {
            ...(connectionsMax !== undefined && { 'max-connections': connectionsMax }),
            ...(queuesMax !== undefined && { 'max-queues': queuesMax }),
          },
        },
      },
    ]
  })
}
