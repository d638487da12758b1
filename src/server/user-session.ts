/*
 * A logged-in connection as virtual hosts see it. What it may do is asked of the definitions as they
 * are now; answers are remembered until these change.
 */

import { limits } from '../limits.ts'
import type { Right, Session } from '../virtual-host/port.ts'
import type { DefinitionsState } from './definitions-state.ts'
import type { DefinitionsStore } from './definitions-store.ts'
import { authorize, authorizeTopic } from './permissions.ts'

export interface SessionFacts {
  readonly user: string
  /** Owns the data directory: may do everything, whatever the definitions say. */
  readonly isOwner: boolean
  readonly tags: readonly string[]
  readonly vhost: string
  readonly connectionName: string
  readonly compat: 'rabbitmq-4.3' | undefined
  readonly warnPortability: (feature: string, text: string) => void
}

export class UserSession implements Session {
  readonly user: string
  readonly isOwner: boolean
  readonly tags: ReadonlySet<string>
  readonly vhost: string
  readonly connectionName: string
  readonly compat: 'rabbitmq-4.3' | undefined
  readonly #definitions: DefinitionsStore
  readonly #warn: (feature: string, text: string) => void
  #judged: DefinitionsState
  readonly #judgements = new Map<string, boolean>()

  constructor(definitions: DefinitionsStore, facts: SessionFacts) {
    this.user = facts.user
    this.isOwner = facts.isOwner
    this.tags = new Set(facts.tags)
    this.vhost = facts.vhost
    this.connectionName = facts.connectionName
    this.compat = facts.compat
    this.#definitions = definitions
    this.#warn = facts.warnPortability
    this.#judged = definitions.state
  }

  may(right: Right, resource: string): boolean {
    if (this.isOwner) return true
    const { user, vhost } = this
    return this.#judge(`${right}\0${resource}`, (state) =>
      authorize(state, { user, vhost, right, resource }),
    )
  }

  /** As long as it is the same, the same is allowed. */
  get rightsVersion(): number {
    return this.#definitions.version
  }

  /** Routing keys are too many to be remembered. */
  mayTopic(right: 'write' | 'read', exchange: string, routingKey: string): boolean {
    if (this.isOwner) return true
    const { user, vhost } = this
    return authorizeTopic(this.#definitions.state, { user, vhost, right, exchange, routingKey })
  }

  warnPortability(feature: string, text: string): void {
    this.#warn(feature, text)
  }

  #judge(question: string, answer: (state: DefinitionsState) => boolean): boolean {
    const { state } = this.#definitions
    if (state !== this.#judged || this.#judgements.size >= limits.judgementsMax) {
      this.#judged = state
      this.#judgements.clear()
    }
    const known = this.#judgements.get(question)
    if (known !== undefined) return known
    const judgement = answer(state)
    this.#judgements.set(question, judgement)
    return judgement
  }
}
