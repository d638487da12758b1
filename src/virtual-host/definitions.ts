/*
 * What a virtual host asks of whoever keeps the definitions that no queue keeps: policies, operator
 * policies and limits. The server keeps them on disk; a broker inside a test keeps them in memory.
 *
 *   virtual host ─▶ Definitions (this file) ◀─ server: policies, limits, users, virtual hosts
 *
 * Rules: what these functions return is as of now and is not changed afterwards; a change is told by
 * `onChange` after it has been made, and the virtual host then computes its effective settings anew.
 * A policy that gets here was checked by `policyFault` of policy.ts, and its pattern by its keeper.
 */

/** What of a virtual host a policy is for; the last three tell queues by their type. */
export const policyTargets = [
  'all',
  'queues',
  'exchanges',
  'classic_queues',
  'quorum_queues',
  'streams',
] as const
export type PolicyTarget = (typeof policyTargets)[number]

/** A value of a policy's definition, as JSON has it. */
export type PolicyValue =
  | string
  | number
  | boolean
  | null
  | readonly PolicyValue[]
  | { readonly [name: string]: PolicyValue }

/** What policies set, by name. */
export type PolicySettings = ReadonlyMap<string, PolicyValue>

export interface Policy {
  readonly name: string
  /** A regular expression that finds its match anywhere in a name; '' matches every name. */
  readonly pattern: string
  readonly applyTo: PolicyTarget
  /** The highest one that matches is the one that applies. Default 0. */
  readonly priority: number
  /** By RabbitMQ's names without `x-`: `max-length`, `dead-letter-exchange`, `alternate-exchange` … */
  readonly definition: ReadonlyMap<string, PolicyValue>
}

export interface VirtualHostLimits {
  /** Undefined for none; 0 admits no connection at all. */
  readonly connectionsMax: number | undefined
  readonly queuesMax: number | undefined
}

export interface Definitions {
  /** The policies of a virtual host, in no order; none when there is no such virtual host. */
  policiesOf(virtualHost: string): readonly Policy[]
  /** Policies of the operator: they only make limits tighter than what users set. */
  operatorPoliciesOf(virtualHost: string): readonly Policy[]
  limitsOf(virtualHost: string): VirtualHostLimits
  /** Type of the queues that are declared without `x-queue-type`; undefined for classic. */
  defaultQueueTypeOf(virtualHost: string): string | undefined
  /** Whether a policy's pattern matches the name, in bounded time whatever the two are. */
  matches(pattern: string, name: string): boolean
  /** Told after policies, limits or the default type of that virtual host changed. Returns how to stop. */
  onChange(told: (virtualHost: string) => void): () => void
}

const unlimited: VirtualHostLimits = { connectionsMax: undefined, queuesMax: undefined }

/** No policies and no limits: a broker inside a test. */
export const noDefinitions: Definitions = {
  policiesOf: () => [],
  operatorPoliciesOf: () => [],
  limitsOf: () => unlimited,
  defaultQueueTypeOf: () => undefined,
  matches: () => false,
  onChange: () => () => {},
}
