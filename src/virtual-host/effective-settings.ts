/*
 * What is in force for a queue: its arguments and the policy that applies, as settings of the engine.
 *
 *   limits and times     the smaller of argument and policy
 *   names and overflow   the argument; on a quorum queue the policy decides overflow and expiry
 *
 * As RabbitMQ does it. A quorum queue has a delivery limit of 20 unless it says otherwise, as since
 * RabbitMQ 4.0; a negative limit is none.
 */

import type { HeaderTable, HeaderValue } from '../embedded/routing/header-value.ts'
import type { QueueSettings } from '../engine.ts'
import { scopedName } from '../scoped-name.ts'
import { type Declared, plainDeclaration } from './declaration.ts'
import type { PolicySettings } from './definitions.ts'

export const deliveryLimitDefault = 20

const overflows: ReadonlyMap<
  HeaderValue | undefined,
  NonNullable<QueueSettings['overflow']>
> = new Map<HeaderValue | undefined, NonNullable<QueueSettings['overflow']>>([
  ['reject-publish', 'reject'],
  ['reject-publish-dlx', 'reject-dead-letter'],
])

export interface Effective {
  readonly settings: QueueSettings
  /** Unused for so many milliseconds, the queue goes. */
  readonly expiresMs: number | undefined
}

export function effectiveSettings(
  virtualHost: string,
  declared: Declared,
  policy: PolicySettings,
): Effective {
  const { args, type, durable } = declared
  const least = (setting: string): number | undefined => smaller(args, policy, setting)
  const quorum = type === 'quorum'
  const depthMax = least('max-length')
  const depthBytesMax = least('max-length-bytes')
  const messageTtlMs = least('message-ttl')
  const deadLetter = deadLetterOf(virtualHost, args, policy)
  const consumerTimeoutMs = least('consumer-timeout')
  const overflow = chosen(args, policy, { setting: 'overflow', policyFirst: quorum })
  const deliveryLimit = quorum ? deliveryLimitOf(least('delivery-limit')) : undefined
  const settings: QueueSettings = {
    ...(!durable && { durable: false }),
    ...(depthMax !== undefined && { depthMax }),
    ...(depthBytesMax !== undefined && { depthBytesMax }),
    overflow: overflows.get(overflow) ?? 'drop-head',
    ...(messageTtlMs !== undefined && { messageTtlMs }),
    ...(deadLetter && { deadLetter }),
    ...(deliveryLimit !== undefined && { deliveryLimit }),
    priorityMax: Number(args.get('x-max-priority') ?? 0),
    ...(args.get('x-single-active-consumer') === true && { singleActive: true }),
    ...(args.get('x-homing-deduplicate') === true && { deduplicate: true }),
    ...(consumerTimeoutMs !== undefined && { consumerTimeoutMs }),
    declaration: plainDeclaration(declared),
  }
  const policyExpires = policy.get('expires')
  const expiresMs = quorum && typeof policyExpires === 'number' ? policyExpires : least('expires')
  return { settings, expiresMs }
}

function deadLetterOf(
  virtualHost: string,
  args: HeaderTable,
  policy: PolicySettings,
): QueueSettings['deadLetter'] {
  const exchange = chosen(args, policy, { setting: 'dead-letter-exchange' })
  if (typeof exchange !== 'string') return undefined
  const routingKey = chosen(args, policy, { setting: 'dead-letter-routing-key' })
  return {
    exchange: scopedName(virtualHost, exchange),
    ...(typeof routingKey === 'string' && { routingKey }),
  }
}

function deliveryLimitOf(asked: number | undefined): number | undefined {
  if (asked === undefined) return deliveryLimitDefault
  return asked < 0 ? undefined : asked
}

function smaller(args: HeaderTable, policy: PolicySettings, setting: string): number | undefined {
  const argument = args.get(`x-${setting}`)
  const fromPolicy = policy.get(setting)
  const mine = argument === undefined ? Number.POSITIVE_INFINITY : Number(argument)
  const theirs = typeof fromPolicy === 'number' ? fromPolicy : Number.POSITIVE_INFINITY
  const least = Math.min(mine, theirs)
  return least === Number.POSITIVE_INFINITY ? undefined : least
}

function chosen(
  args: HeaderTable,
  policy: PolicySettings,
  { setting, policyFirst = false }: { readonly setting: string; readonly policyFirst?: boolean },
): HeaderValue | undefined {
  const argument = args.get(`x-${setting}`)
  const fromPolicy = policy.get(setting)
  const theirs = typeof fromPolicy === 'string' ? fromPolicy : undefined
  return policyFirst ? (theirs ?? argument) : (argument ?? theirs)
}
