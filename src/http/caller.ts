/*
 * Who calls: a user with the tags and permissions of now.
 */

import type { DefinitionsStore } from '../server/definitions-store.ts'
import { mayEnter } from '../server/permissions.ts'
import { UserSession } from '../server/user-session.ts'
import { type Access, isAllowed } from './access.ts'
import type { Presenter } from './authentication.ts'
import type { BrowserSession } from './browser-sessions.ts'

/** Whom something stays open for. */
export type Waiter = Pick<Caller, 'user' | 'browserSession'>

export class Caller {
  /** '' for nobody. */
  readonly user: string
  /** What was opened by it ends with it; undefined for one who came without. */
  readonly browserSession: BrowserSession | undefined
  readonly #definitions: DefinitionsStore

  constructor(definitions: DefinitionsStore, { user, session }: Presenter) {
    this.#definitions = definitions
    this.user = user
    this.browserSession = session
  }

  get tags(): ReadonlySet<string> {
    return new Set(this.#definitions.state.users.get(this.user)?.tags)
  }

  has(access: Access): boolean {
    return isAllowed(access, this.tags)
  }

  mayEnter(vhost: string): boolean {
    return mayEnter(this.#definitions.state, this.user, vhost)
  }

  /** Whether the virtual host may be looked into: by those who enter it, and by monitoring. */
  maySee(vhost: string): boolean {
    return this.mayEnter(vhost) || this.has('monitoring')
  }

  /** Names of the virtual hosts that may be looked into. */
  virtualHosts(): readonly string[] {
    return [...this.#definitions.state.vhosts.keys()].filter((name) => this.maySee(name))
  }

  /** As connections have one: what virtual hosts ask for rights. */
  session(vhost: string): UserSession {
    return new UserSession(this.#definitions, {
      user: this.user,
      isOwner: false,
      tags: [...this.tags],
      vhost,
      connectionName: `HTTP of ${this.user}`,
      compat: undefined,
      warnPortability: () => undefined,
    })
  }
}
