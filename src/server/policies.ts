/*
 * Policies as people manage them: by the command on a stopped server's directory, by HTTP on a running
 * one. What is given comes from JSON or a command line, so every value of it is looked at.
 */

import { HomingError } from '../errors.ts'
import { checkOptions } from '../known-options.ts'
import { type PolicyTarget, type PolicyValue, policyTargets } from '../virtual-host/definitions.ts'
import { type Change, knownVirtualHost, type PolicyRecord, shown } from './definitions-state.ts'
import type { DefinitionsStore } from './definitions-store.ts'
import { clearPolicy, setPolicy } from './virtual-host-changes.ts'

/** Which one: an operator's policy may have the name of a user's. */
export interface PolicyName {
  readonly vhost: string
  readonly name: string
  readonly operator?: boolean
}

export interface PolicyGiven extends PolicyName {
  /** A regular expression that finds its match anywhere in a name; '' matches every name. */
  readonly pattern: string
  /** By RabbitMQ's names without `x-`, such as `max-length`. */
  readonly definition: object
  /** Default `all`. */
  readonly applyTo?: string
  /** The highest that matches applies. Default 0. */
  readonly priority?: number
}

export interface PolicyFacts extends Required<PolicyName> {
  readonly pattern: string
  readonly applyTo: PolicyTarget
  readonly priority: number
  readonly definition: Readonly<Record<string, PolicyValue>>
}

const givenNames: ReadonlySet<string> = new Set([
  ...['vhost', 'name', 'operator', 'pattern', 'definition', 'applyTo', 'priority'],
])

export class Policies {
  readonly #definitions: DefinitionsStore

  constructor(definitions: DefinitionsStore) {
    this.#definitions = definitions
  }

  /** Of one virtual host, or of all; in the order in which they count. Fails with `definition-unknown`. */
  list(vhost?: string): readonly PolicyFacts[] {
    const { state } = this.#definitions
    if (vhost !== undefined) knownVirtualHost(state, vhost)
    return state.policies
      .filter((policy) => vhost === undefined || policy.vhost === vhost)
      .map(factsOf)
      .toSorted(byWeight)
  }

  /**
   * In place of the one of the same name, in force at once. Fails with `definition-unknown`, `bad-name`,
   * `bad-argument`, `unknown-option`.
   *
   * @example
   * policies.set({ vhost: '/', name: 'short', pattern: '^log\\.', definition: { 'max-length': 1000 } })
   */
  set(given: PolicyGiven): void {
    this.#definitions.change(policyChange(given))
  }

  /** Fails with `definition-unknown`. */
  delete({ vhost, name, operator = false }: PolicyName): void {
    const { state } = this.#definitions
    knownVirtualHost(state, vhost)
    const isThere = state.policies.some(
      (one) => one.vhost === vhost && one.name === name && one.operator === operator,
    )
    if (!isThere) {
      const what = operator ? 'operator policy' : 'policy'
      throw new HomingError(
        'definition-unknown',
        `there is no ${what} "${shown(name)}" in virtual host "${shown(vhost)}"`,
      )
    }
    this.#definitions.change(clearPolicy({ vhost, name, operator }))
  }
}

/** The same as one of several changes. */
export const policyChange = (given: PolicyGiven): Change => setPolicy(recordOf(given))

function recordOf(given: PolicyGiven): PolicyRecord {
  checkOptions(given, givenNames, 'a policy')
  const {
    vhost,
    name,
    pattern,
    definition,
    applyTo = 'all',
    priority = 0,
    operator = false,
  } = given
  const target = policyTargets.find((one) => one === applyTo)
  if (target === undefined) {
    throw bad(`applyTo is ${JSON.stringify(applyTo)}; give one of ${policyTargets.join(', ')}`)
  }
  if (typeof operator !== 'boolean') throw bad('operator is true or false')
  if (!Number.isSafeInteger(priority)) throw bad('priority is a whole number')
  return {
    vhost: text('vhost', vhost),
    name: text('name', name),
    pattern: text('pattern', pattern),
    applyTo: target,
    priority,
    operator,
    definition: definitionFrom(definition),
  }
}

function definitionFrom(given: unknown): ReadonlyMap<string, PolicyValue> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw bad('the definition is no object; give one such as {"max-length": 1000}')
  return new Map(Object.entries(given as Readonly<Record<string, PolicyValue>>))
}

function text(what: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw bad(`${what} is a text`)
}

const bad = (what: string): HomingError => new HomingError('bad-argument', `a policy: ${what}`)

const factsOf = ({ definition, ...policy }: PolicyRecord): PolicyFacts => ({
  vhost: policy.vhost,
  name: policy.name,
  operator: policy.operator,
  pattern: policy.pattern,
  applyTo: policy.applyTo,
  priority: policy.priority,
  definition: Object.fromEntries(definition),
})

const byWeight = (a: PolicyFacts, b: PolicyFacts): number =>
  a.vhost.localeCompare(b.vhost) ||
  Number(a.operator) - Number(b.operator) ||
  b.priority - a.priority ||
  a.name.localeCompare(b.name)
