/*
 * How much a user or a virtual host may have: connections, channels, queues.
 *
 * Rule: what is over a limit when it is set stays; nothing is added until there is room again.
 */

import { checkOptions } from '../known-options.ts'
import { wholeNumber } from '../whole-number.ts'
import { knownUser, knownVirtualHost } from './definitions-state.ts'
import type { DefinitionsStore } from './definitions-store.ts'
import { changeUser } from './user-changes.ts'
import { changeVirtualHost } from './virtual-host-changes.ts'

export const userLimitNames = ['connectionsMax', 'channelsMax'] as const
export const virtualHostLimitNames = ['connectionsMax', 'queuesMax'] as const

/** 0 admits none at all; undefined is no limit of its own. */
export type UserLimits = Readonly<Record<(typeof userLimitNames)[number], number | undefined>>
export type VirtualHostLimitSettings = Readonly<
  Record<(typeof virtualHostLimitNames)[number], number | undefined>
>

const countMax = 1_000_000_000

export class AccountLimits {
  readonly #definitions: DefinitionsStore

  constructor(definitions: DefinitionsStore) {
    this.#definitions = definitions
  }

  /** Fails with `definition-unknown`. */
  ofUser(name: string): UserLimits {
    const { connectionsMax, channelsMax } = knownUser(this.#definitions.state, name)
    return { connectionsMax, channelsMax }
  }

  /** Fails with `definition-unknown`. */
  ofVirtualHost(name: string): VirtualHostLimitSettings {
    const { connectionsMax, queuesMax } = knownVirtualHost(this.#definitions.state, name)
    return { connectionsMax, queuesMax }
  }

  /**
   * Those that are given; the others stay, and undefined takes one away. Fails with
   * `definition-unknown`, `bad-argument`, `unknown-option`.
   *
   * @example
   * limits.setOfUser('app', { connectionsMax: 10, channelsMax: undefined })
   */
  setOfUser(name: string, given: Partial<UserLimits>): void {
    checkLimits(given, userLimitNames, 'the limits of a user')
    this.#definitions.change(changeUser(name, given))
  }

  /** The same for a virtual host. */
  setOfVirtualHost(name: string, given: Partial<VirtualHostLimitSettings>): void {
    checkLimits(given, virtualHostLimitNames, 'the limits of a virtual host')
    this.#definitions.change(changeVirtualHost(name, given))
  }
}

function checkLimits(given: object, names: readonly string[], of: string): void {
  checkOptions(given, new Set(names), of)
  for (const [name, value] of Object.entries(given))
    if (value !== undefined) wholeNumber(value, name, 0, countMax)
}
