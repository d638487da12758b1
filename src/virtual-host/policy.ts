/*
 * Policies: settings given to queues and exchanges by a pattern on their names.
 *
 *   policies of users    ─▶ the matching one of highest priority ─┐
 *   policies of operators ─▶ the matching one of highest priority ─┴▶ merged: the tighter limit counts
 *
 * A policy never takes part in declaring: a queue that is declared again is compared by its arguments.
 */

import { nearestName } from '../known-options.ts'
import { limits } from '../limits.ts'
import type {
  Definitions,
  Policy,
  PolicySettings,
  PolicyTarget,
  PolicyValue,
} from './definitions.ts'
import { policyTargets } from './definitions.ts'
import type { PoliciesView } from './view.ts'

/** What a policy is asked for. */
export interface PolicySubject {
  readonly virtualHost: string
  readonly name: string
  /** `exchange`, or the type of a queue. */
  readonly kind: 'exchange' | 'classic' | 'quorum'
}

const none: PolicySettings = new Map()

/** The settings that policies give to that queue or exchange. */
export const policySettings = (definitions: Definitions, subject: PolicySubject): PolicySettings =>
  policiesInForce(definitions, subject).effective

/** The same, with the names of the policies they come from. */
export function policiesInForce(definitions: Definitions, subject: PolicySubject): PoliciesView {
  const users = highest(definitions, definitions.policiesOf(subject.virtualHost), subject)
  const operators = highest(
    definitions,
    definitions.operatorPoliciesOf(subject.virtualHost),
    subject,
  )
  return {
    policy: users?.name,
    operatorPolicy: operators?.name,
    effective: together(users?.definition, operators?.definition),
  }
}

function together(
  users: PolicySettings | undefined,
  operators: PolicySettings | undefined,
): PolicySettings {
  if (operators === undefined) return users ?? none
  if (users === undefined) return operators
  const merged = new Map(users)
  for (const [name, value] of operators) merged.set(name, tighter(merged.get(name), value))
  return merged
}

function highest(
  definitions: Definitions,
  policies: readonly Policy[],
  subject: PolicySubject,
): Policy | undefined {
  let best: Policy | undefined
  for (const policy of policies) {
    if (best !== undefined && policy.priority <= best.priority) continue
    if (!isFor(policy.applyTo, subject.kind)) continue
    if (policy.pattern === '' || definitions.matches(policy.pattern, subject.name)) best = policy
  }
  return best
}

function isFor(target: PolicyTarget, kind: PolicySubject['kind']): boolean {
  switch (target) {
    case 'all':
      return true
    case 'exchanges':
      return kind === 'exchange'
    case 'queues':
      return kind !== 'exchange'
    case 'classic_queues':
      return kind === 'classic'
    case 'quorum_queues':
      return kind === 'quorum'
    case 'streams':
      return false
    default:
      return target satisfies never
  }
}

function tighter(user: PolicyValue | undefined, operator: PolicyValue): PolicyValue {
  return typeof user === 'number' && typeof operator === 'number'
    ? Math.min(user, operator)
    : operator
}

type ValueCheck = (value: PolicyValue) => string | undefined

const whole =
  (min: number, max: number): ValueCheck =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `must be a whole number from ${min} to ${max}`

const name: ValueCheck = (value) =>
  typeof value === 'string' && Buffer.byteLength(value) <= limits.nameBytesMax
    ? undefined
    : `must be a text of at most ${limits.nameBytesMax} bytes`

const among =
  (...known: readonly string[]): ValueCheck =>
  (value) =>
    typeof value === 'string' && known.includes(value)
      ? undefined
      : `must be one of ${known.join(', ')}`

const manyMax = Number.MAX_SAFE_INTEGER

const knownSettings: ReadonlyMap<string, ValueCheck> = new Map<string, ValueCheck>([
  ['alternate-exchange', name],
  ['dead-letter-exchange', name],
  ['dead-letter-routing-key', name],
  ['dead-letter-strategy', among('at-most-once', 'at-least-once')],
  ['message-ttl', whole(0, limits.durationMsMax)],
  ['expires', whole(1, limits.durationMsMax)],
  ['max-length', whole(0, manyMax)],
  ['max-length-bytes', whole(0, manyMax)],
  ['max-in-memory-length', whole(0, manyMax)],
  ['max-in-memory-bytes', whole(0, manyMax)],
  ['overflow', among('drop-head', 'reject-publish', 'reject-publish-dlx')],
  ['delivery-limit', whole(-1, manyMax)],
  ['consumer-timeout', whole(1, limits.durationMsMax)],
  ['queue-mode', among('default', 'lazy')],
  ['queue-version', whole(1, 2)],
  ['queue-leader-locator', among('client-local', 'balanced')],
  ['queue-master-locator', among('client-local', 'min-masters', 'random')],
])

const operatorSettings = [
  ...['expires', 'message-ttl', 'max-length', 'max-length-bytes', 'overflow', 'delivery-limit'],
  ...['max-in-memory-length', 'max-in-memory-bytes', 'consumer-timeout'],
]

/** What is wrong with a policy, as the rest of a sentence; the pattern is judged by its keeper. */
export function policyFault(
  policy: Omit<Policy, 'name' | 'pattern'> & { readonly operator?: boolean },
): string | undefined {
  if (!policyTargets.includes(policy.applyTo))
    return `apply-to must be one of ${policyTargets.join(', ')}`
  if (!Number.isSafeInteger(policy.priority)) return 'priority must be a whole number'
  if (policy.definition.size === 0) return 'the definition is empty'
  for (const [setting, value] of policy.definition) {
    const check = knownSettings.get(setting)
    if (check === undefined) return unknownSetting(setting)
    if (policy.operator === true && !operatorSettings.includes(setting))
      return `'${setting}' cannot be set by an operator policy`
    const fault = check(value)
    if (fault !== undefined) return `'${setting}' ${fault}`
  }
  return undefined
}

function unknownSetting(setting: string): string {
  const named = `'${setting.slice(0, 80)}' is not supported`
  if (setting.startsWith('ha-'))
    return `${named}: there are no mirrored queues, as in RabbitMQ from 4.0 on`
  const nearest = nearestName(setting.replace(/^x-/, ''), knownSettings.keys())
  return nearest === undefined ? named : `${named}; did you mean '${nearest}'?`
}
