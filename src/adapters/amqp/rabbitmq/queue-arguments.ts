/*
 * From the port's settings to the arguments of a queue, and what is refused.
 */

import type { QueueSettings } from '../../../engine.ts'
import { HomingError } from '../../../errors.ts'
import { unsupported } from '../../../unsupported.ts'
import { deadExchange } from './names.ts'
import { priorityMax } from './wire-message.ts'

export type QueueKind = 'quorum' | 'classic'

/** What the engine calls itself. */
export const engineKind = 'rabbitmq'

/** Copies begin to count anew; this is never reached, and RabbitMQ 4 would take 20. */
const deliveryLimit = 1_000_000

export const noPriorities =
  'quorum queues have no priorities; open the engine with queues: "classic"'
export const noLimits = 'RabbitMQ does not count over all consumers; limit it in each consumer'

const refused: Readonly<
  Partial<Record<keyof QueueSettings, { readonly feature: string; readonly why: string }>>
> = {
  rate: { feature: 'limits', why: noLimits },
  concurrencyMax: { feature: 'limits', why: noLimits },
  perKey: { feature: 'limits', why: 'RabbitMQ knows no keys' },
  deadLetter: { feature: 'deadLetter', why: 'dead letters are kept in the ledger' },
  deliveryLimit: { feature: 'deliveryLimit', why: 'each message has its attempts' },
  consumerTimeoutMs: { feature: 'consumerTimeoutMs', why: 'each message has its time-out' },
  deduplicate: { feature: 'deduplicate', why: 'what other programs send is not looked up' },
}

export function queueArguments(
  name: string,
  settings: QueueSettings,
  kind: QueueKind,
): Record<string, unknown> {
  for (const [setting, { feature, why }] of Object.entries(refused)) {
    if (settings[setting as keyof QueueSettings] === undefined) continue
    throw unsupported(engineKind, feature, `${why} (${setting} of queue "${name}")`)
  }
  const { depthMax, depthBytesMax, messageTtlMs, singleActive, overflow = 'reject' } = settings
  if (overflow === 'reject-dead-letter') {
    throw unsupported(engineKind, 'reject-dead-letter', `queue "${name}": use overflow reject`)
  }
  // A quorum queue refuses when it holds more than its length, and takes one before it says so.
  const over = kind === 'quorum' && overflow === 'reject' && (depthMax ?? 0) > 0 ? 1 : 0
  const bounded = isBound(depthMax) || isBound(depthBytesMax)
  return {
    'x-dead-letter-exchange': deadExchange,
    ...(isBound(depthMax) && { 'x-max-length': whole(name, 'depthMax', depthMax) - over }),
    ...(isBound(depthBytesMax) && {
      'x-max-length-bytes': whole(name, 'depthBytesMax', depthBytesMax),
    }),
    ...(messageTtlMs !== undefined && { 'x-message-ttl': Math.ceil(messageTtlMs) }),
    ...(singleActive && { 'x-single-active-consumer': true }),
    ...(kind === 'quorum'
      ? quorumArguments(overflow, settings, name)
      : classicArguments(overflow, settings, bounded)),
  }
}

function quorumArguments(
  overflow: 'reject' | 'drop-head',
  { priorityMax: asked = 0 }: QueueSettings,
  name: string,
): Record<string, unknown> {
  if (asked > 0) {
    throw unsupported(engineKind, 'priority', `${noPriorities} (queue "${name}")`)
  }
  return {
    'x-queue-type': 'quorum',
    'x-delivery-limit': deliveryLimit,
    ...(overflow === 'reject'
      ? { 'x-overflow': 'reject-publish', 'x-dead-letter-strategy': 'at-least-once' }
      : { 'x-overflow': 'drop-head' }),
  }
}

function classicArguments(
  overflow: 'reject' | 'drop-head',
  { priorityMax: asked = priorityMax }: QueueSettings,
  bounded: boolean,
): Record<string, unknown> {
  return {
    ...(asked > 0 && { 'x-max-priority': Math.min(asked, priorityMax) }),
    ...(bounded && { 'x-overflow': overflow === 'reject' ? 'reject-publish' : 'drop-head' }),
  }
}

const isBound = (value: number | undefined): value is number =>
  value !== undefined && value !== Number.POSITIVE_INFINITY

function whole(name: string, setting: string, value: number): number {
  if (Number.isInteger(value) && value >= 0) return value
  throw new HomingError(
    'bad-argument',
    `${setting} of queue "${name}" is ${value}; give a whole number, or Infinity for no limit`,
  )
}
