/*
 * Connections of one Homing client, one after the other.
 *
 *   homing_client = a name by chance, homing_link = 1, 2, 3 …      in the client properties
 *
 * A client whose connection broke comes back over the next one and sends again what was not confirmed.
 * The old one may not be over here: nobody has told, or its last bytes are still to be read.
 *
 * Rule: when the next one opens, the ones before it are closed: nothing more is read of them, and what
 * they hold goes to others. So nothing is stored twice, and nothing waits for a heartbeat to fail.
 */

import { type AmqpError, connectionForced } from '../amqp/protocol/amqp-error.ts'
import type { HeaderTable } from '../embedded/routing/header-value.ts'

interface ClientLink {
  readonly number: number
  readonly close: (why: AmqpError) => void
}

export class ClientLinks {
  readonly #links = new Map<string, ClientLink>()

  /** Within `scope`, such as the user and virtual host: nobody can name another's client. */
  opened(
    scope: string,
    properties: HeaderTable,
    close: (why: AmqpError) => void,
  ): { over(): void } | undefined {
    const client = properties.get('homing_client')
    const number = Number(properties.get('homing_link'))
    if (typeof client !== 'string' || client === '' || !Number.isSafeInteger(number)) {
      return undefined
    }
    const key = `${scope}\n${client}`
    const link = { number, close }
    const known = this.#links.get(key)
    if (known !== undefined && known.number > number) close(replaced)
    else {
      this.#links.set(key, link)
      known?.close(replaced)
    }
    return {
      over: () => {
        if (this.#links.get(key) === link) this.#links.delete(key)
      },
    }
  }
}

const replaced = connectionForced('the client has opened another connection in place of this one')
