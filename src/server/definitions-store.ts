/*
 * The definitions in force, and the one way to change them.
 *
 *   change(…) ──▶ next state ──▶ on disk ──▶ in force ──▶ virtual hosts and live sessions are told
 *
 * Rule: changes happen one after the other, each as a whole; one that is refused or cannot be written
 * has changed nothing. Whoever listens sees the state before and after.
 */

import type { Definitions, Policy, VirtualHostLimits } from '../virtual-host/definitions.ts'
import type { Change, DefinitionsState } from './definitions-state.ts'
import { matchesPattern } from './permission-pattern.ts'

export type ChangeTold = (before: DefinitionsState, after: DefinitionsState) => void

export class DefinitionsStore implements Definitions {
  readonly #write: (state: DefinitionsState) => void
  readonly #told = new Set<ChangeTold>()
  #state: DefinitionsState
  #version = 1
  #policies: ReadonlyMap<string, readonly Policy[]> = new Map()
  #operatorPolicies: ReadonlyMap<string, readonly Policy[]> = new Map()

  /** `write` makes a state durable before it is in force; nothing does so for a broker in memory. */
  constructor(state: DefinitionsState, write: (state: DefinitionsState) => void = () => undefined) {
    this.#state = state
    this.#write = write
    this.#group()
  }

  /** Rises with each change. */
  get version(): number {
    return this.#version
  }

  get state(): DefinitionsState {
    return this.#state
  }

  /** Fails as the change does, or with what the disk said. */
  change(...changes: readonly Change[]): void {
    const before = this.#state
    const after = changes.reduce((state, change) => change(state), before)
    if (after === before) return
    this.#write(after)
    this.#state = after
    this.#version++
    this.#group()
    for (const told of [...this.#told]) told(before, after)
  }

  /** Returns how to stop. */
  watch(told: ChangeTold): () => void {
    this.#told.add(told)
    return () => {
      this.#told.delete(told)
    }
  }

  policiesOf(virtualHost: string): readonly Policy[] {
    return this.#policies.get(virtualHost) ?? []
  }

  operatorPoliciesOf(virtualHost: string): readonly Policy[] {
    return this.#operatorPolicies.get(virtualHost) ?? []
  }

  limitsOf(virtualHost: string): VirtualHostLimits {
    const { connectionsMax, queuesMax } = this.#state.vhosts.get(virtualHost) ?? {}
    return { connectionsMax, queuesMax }
  }

  defaultQueueTypeOf(virtualHost: string): string | undefined {
    return this.#state.vhosts.get(virtualHost)?.defaultQueueType
  }

  matches(pattern: string, name: string): boolean {
    return matchesPattern(pattern, name)
  }

  onChange(told: (virtualHost: string) => void): () => void {
    return this.watch((before, after) => {
      for (const [name, vhost] of after.vhosts) {
        const samePolicies = before.policies === after.policies
        if (before.vhosts.get(name) !== vhost || !samePolicies) told(name)
      }
    })
  }

  #group(): void {
    const { policies } = this.#state
    const byVirtualHost = (operator: boolean): ReadonlyMap<string, readonly Policy[]> =>
      Map.groupBy(
        policies.filter((policy) => policy.operator === operator),
        (policy) => policy.vhost,
      )
    this.#policies = byVirtualHost(false)
    this.#operatorPolicies = byVirtualHost(true)
  }
}
