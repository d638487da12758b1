/*
 * Definitions, written as RabbitMQ imports them. Passwords are in them as hashes: who exports is an
 * administrator. Left out is what does not last (exclusive, not durable) and what contracts of the library
 * make themselves.
 */

import { isPredeclared } from '../../embedded/routing/exchange.ts'
import { policyObject } from './account-objects.ts'
import { operatorPolicyComponent, vhostLimitsComponent } from './definitions-shape.ts'
import { shownPassword } from './given-password.ts'
import { jsonFromTable } from './json-table.ts'
import { rabbitmqVersion } from './overview-objects.ts'
import type { Showing } from './showing.ts'

export function exportedDefinitions({ site }: Showing) {
  const { state } = site.definitions
  const { product, version } = site.server
  const hosts = [...state.vhosts.keys()]
  return {
    rabbit_version: rabbitmqVersion,
    rabbitmq_version: rabbitmqVersion,
    product_name: product,
    product_version: version,
    users: [...state.users.values()].map((user) => ({
      name: user.name,
      ...shownPassword(user.passwordHash),
      tags: user.tags,
      limits: {
        ...(user.connectionsMax !== undefined && { 'max-connections': user.connectionsMax }),
        ...(user.channelsMax !== undefined && { 'max-channels': user.channelsMax }),
      },
    })),
    vhosts: [...state.vhosts.values()].map(({ name, description, defaultQueueType }) => ({
      name,
      description,
      ...(defaultQueueType !== undefined && { default_queue_type: defaultQueueType }),
    })),
    permissions: [...state.permissions.values()],
    topic_permissions: [...state.topicPermissions.values()].flat(),
    parameters: hosts.flatMap((vhost) => parametersOf(site, vhost)),
    global_parameters: [],
    policies: hosts.flatMap((vhost) => policiesOf(site, vhost)),
    queues: hosts.flatMap((vhost) => queuesOf(site, vhost).map((one) => ({ ...one, vhost }))),
    exchanges: hosts.flatMap((vhost) => exchangesOf(site, vhost).map((one) => ({ ...one, vhost }))),
    bindings: hosts.flatMap((vhost) => bindingsOf(site, vhost).map((one) => ({ ...one, vhost }))),
  }
}

/** What is declared in one virtual host; it can be imported into another. */
export const exportedOf = ({ site }: Showing, vhost: string) => ({
  rabbit_version: rabbitmqVersion,
  parameters: parametersOf(site, vhost),
  policies: policiesOf(site, vhost),
  queues: queuesOf(site, vhost),
  exchanges: exchangesOf(site, vhost),
  bindings: bindingsOf(site, vhost),
})

type Site = Showing['site']

/** Limits and operator policies, which are parameters in RabbitMQ. */
export function parametersOf({ definitions, policies }: Site, vhost: string) {
  const { connectionsMax, queuesMax } = definitions.limitsOf(vhost)
  const limits = {
    ...(connectionsMax !== undefined && { 'max-connections': connectionsMax }),
    ...(queuesMax !== undefined && { 'max-queues': queuesMax }),
  }
  const operators = policies.list(vhost).filter(({ operator }) => operator)
  return [
    ...(Object.keys(limits).length > 0
      ? [{ vhost, component: vhostLimitsComponent, name: 'limits', value: limits as object }]
      : []),
    ...operators.map((policy) => {
      const { vhost: _, name, ...value } = policyObject(policy)
      return { vhost, component: operatorPolicyComponent, name, value: value as object }
    }),
  ]
}

const policiesOf = ({ policies }: Site, vhost: string) =>
  policies
    .list(vhost)
    .filter(({ operator }) => !operator)
    .map(policyObject)

function queuesOf({ hosts }: Site, vhost: string) {
  const queues = hosts.find(vhost)?.view.queues() ?? []
  return queues
    .filter(({ durable, exclusive, isLibrarys }) => durable && !exclusive && !isLibrarys)
    .map(({ name, durable, autoDelete, args }) => ({
      name,
      durable,
      auto_delete: autoDelete,
      arguments: jsonFromTable(args),
    }))
}

function exchangesOf({ hosts }: Site, vhost: string) {
  const exchanges = hosts.find(vhost)?.view.exchanges() ?? []
  return exchanges
    .filter(({ exchange }) => exchange.durable && !isPredeclared(exchange.name))
    .map(({ name, exchange }) => ({
      name,
      type: exchange.type,
      durable: true,
      auto_delete: exchange.autoDelete,
      internal: exchange.internal,
      arguments: jsonFromTable(exchange.args),
    }))
}

/** Between what lasts. */
function bindingsOf({ hosts }: Site, vhost: string) {
  const view = hosts.find(vhost)?.view
  const durable = {
    queue: new Set(
      (view?.queues() ?? []).filter((one) => one.durable && !one.exclusive).map(nameOf),
    ),
    exchange: new Set((view?.exchanges() ?? []).filter((one) => one.exchange.durable).map(nameOf)),
  }
  return (view?.bindings() ?? [])
    .filter(({ source }) => source !== '' && durable.exchange.has(source))
    .filter(({ kind, destination }) => durable[kind].has(destination))
    .map(({ source, kind, destination, routingKey, args }) => ({
      source,
      destination,
      destination_type: kind,
      routing_key: routingKey,
      arguments: jsonFromTable(args),
    }))
}

const nameOf = ({ name }: { readonly name: string }): string => name
