/*
 * Definitions of RabbitMQ, or ours, taken in.
 *
 *   users, virtual hosts, permissions, policies, limits ─▶ one change: all of them or none
 *   exchanges ─▶ queues ─▶ bindings                     ─▶ one after the other, each durable
 *
 * Rules: what is there and the same stays; users that are there get password and tags of the import. What
 * cannot be declared (it is there otherwise) is told at the end, and the rest is taken in.
 */

import { HomingError } from '../../errors.ts'
import type { Change, DefinitionsState } from '../../server/definitions-state.ts'
import { policyChange } from '../../server/policies.ts'
import { changeUser, setPermission, setTopicPermission } from '../../server/user-changes.ts'
import { UserSession } from '../../server/user-session.ts'
import { addVirtualHost, changeVirtualHost } from '../../server/virtual-host-changes.ts'
import type { ChannelSession, VirtualHost } from '../../virtual-host/port.ts'
import { fitted } from '../fitted.ts'
import { asHomingError } from '../problem.ts'
import type { Site } from '../site.ts'
import {
  type GivenDefinitions,
  operatorPolicyComponent,
  operatorPolicyShape,
  vhostLimitsComponent,
  vhostLimitsShape,
} from './definitions-shape.ts'
import { keptPassword } from './given-password.ts'
import { tableFromJson } from './json-table.ts'
import { limitSettings } from './limit-routes.ts'
import { userPut } from './user-routes.ts'
import { hostSettings } from './virtual-host-routes.ts'

export interface Importing {
  readonly site: Site
  readonly user: string
  /** Into this virtual host alone: only what is declared and its policies are looked at. */
  readonly vhost?: string
}

/** Fails with `bad-argument` and what the changes fail with. */
export async function importDefinitions(
  given: GivenDefinitions,
  importing: Importing,
): Promise<void> {
  const { site, vhost } = importing
  const accounts = vhost === undefined ? await accountChanges(given) : []
  const changes = [...accounts, ...policyChanges(given, vhost)]
  site.definitions.change(...changes)
  const failed: string[] = []
  for (const declare of declarations(given, importing)) {
    try {
      await declare()
    } catch (thrown) {
      const error = asHomingError(thrown)
      if (error === undefined) throw thrown
      failed.push(error.message)
    }
  }
  if (failed.length === 0) return
  throw new HomingError(
    'bad-argument',
    `${failed.length} of the definitions could not be taken in, the others were: ${failed.slice(0, 5).join('; ')}`,
  )
}

async function accountChanges(given: GivenDefinitions): Promise<readonly Change[]> {
  const changes: Change[] = []
  for (const { name, description, default_queue_type, metadata } of given.vhosts) {
    const settings = hostSettings({ description, default_queue_type, ...metadata })
    changes.push(
      either('vhosts', name, addVirtualHost(name, settings), changeVirtualHost(name, settings)),
    )
  }
  for (const user of given.users) {
    const { name, tags, password, password_hash } = user
    const passwordHash = await keptPassword(user)
    const put = { tags, passwordHash, password, password_hash }
    changes.push(either('users', name, userPut(name, false, put), userPut(name, true, put)))
    const limits = Array.isArray(user.limits) ? {} : (user.limits ?? {})
    for (const [limit, value] of Object.entries(limits))
      changes.push(changeUser(name, limitSettings(limit, value, 'user')))
  }
  return [
    ...changes,
    ...given.permissions.map(setPermission),
    ...given.topic_permissions.map(setTopicPermission),
  ]
}

/** Which of the two is right is known when those before are done. */
const either =
  (where: 'users' | 'vhosts', name: string, add: Change, change: Change): Change =>
  (state: DefinitionsState) =>
    state[where].has(name) ? change(state) : add(state)

function policyChanges(given: GivenDefinitions, into: string | undefined): readonly Change[] {
  const policies = given.policies.map(({ 'apply-to': applyTo, vhost, ...policy }) =>
    policyChange({ ...policy, applyTo, vhost: into ?? known(vhost, policy.name) }),
  )
  const parameters = given.parameters.flatMap(({ component, name, value, ...parameter }) => {
    const vhost = into ?? known(parameter.vhost, name)
    if (component === vhostLimitsComponent) return limitChanges(vhost, value)
    if (component !== operatorPolicyComponent) return []
    const { 'apply-to': applyTo, ...policy } = fitted(
      operatorPolicyShape,
      value,
      `policy "${name}"`,
    )
    return [policyChange({ ...policy, name, applyTo, vhost, operator: true })]
  })
  return [...policies, ...parameters]
}

const limitChanges = (vhost: string, value: unknown): readonly Change[] =>
  Object.entries(fitted(vhostLimitsShape, value, `the limits of "${vhost}"`)).map(([name, limit]) =>
    changeVirtualHost(vhost, limitSettings(name, limit, 'virtual host')),
  )

function known(vhost: string | undefined, of: string): string {
  if (vhost !== undefined) return vhost
  throw new HomingError('bad-argument', `"${of.slice(0, 80)}" does not say its virtual host`)
}

type Declare = () => Promise<unknown>

/** Exchanges first, then queues, then what binds them. */
function declarations(
  { exchanges, queues, bindings }: GivenDefinitions,
  importing: Importing,
): readonly Declare[] {
  const at = <T extends { readonly vhost?: string | undefined }>(
    named: string,
    one: T,
    declare: (host: VirtualHost, channel: ChannelSession, one: T) => unknown,
  ): Declare => {
    const vhost = importing.vhost ?? known(one.vhost, named)
    return async () => declare(hostNamed(importing.site, vhost), channelIn(importing, vhost), one)
  }
  return [
    ...exchanges.map((exchange) =>
      at(exchange.name, exchange, (host, channel, { name, type, durable, internal, ...rest }) =>
        host.declareExchange(channel, {
          ...{ name, type, durable, internal, autoDelete: rest.auto_delete },
          args: tableFromJson(rest.arguments),
        }),
      ),
    ),
    ...queues.map((queue) =>
      at(queue.name, queue, (host, channel, { name, durable, ...rest }) =>
        host.declareQueue(channel, {
          ...{ name, durable, exclusive: false, autoDelete: rest.auto_delete },
          args: tableFromJson(rest.arguments),
        }),
      ),
    ),
    ...bindings.map((binding) =>
      at(binding.source, binding, (host, channel, { source, destination, ...rest }) => {
        const args = tableFromJson(rest.arguments)
        const request = { source, destination, routingKey: rest.routing_key, args }
        return rest.destination_type === 'queue'
          ? host.bindQueue(channel, request)
          : host.bindExchange(channel, request)
      }),
    ),
  ]
}

function hostNamed({ hosts }: Site, vhost: string): VirtualHost {
  const host = hosts.find(vhost)
  if (host !== undefined) return host
  throw new HomingError('definition-unknown', `there is no virtual host "${vhost}"`)
}

/** An administrator takes definitions in for virtual hosts that the administrator does not enter. */
const channelIn = ({ site, user }: Importing, vhost: string): ChannelSession => ({
  session: new UserSession(site.definitions, {
    user,
    isOwner: true,
    tags: ['administrator'],
    vhost,
    connectionName: `HTTP of ${user}`,
    compat: undefined,
    warnPortability: () => undefined,
  }),
  lastQueue: '',
  replyConsumer: undefined,
})
