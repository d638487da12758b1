/*
 * What a RabbitMQ needs beside its connection: options, and a shared ledger. Loaded and opened when the
 * server has turned out to be one; a Homing broker keeps all of it itself.
 */

import type { Link } from '../link.ts'
import type { AmqpConnection } from './connection.ts'
import type { RabbitEngineState } from './rabbitmq/rabbit-engine-state.ts'

/** For a server that is no Homing broker; a Homing broker has all of this itself, and passes it over. */
export interface OverRabbitmqOptions {
  /**
   * Where outcomes are kept: the path of a SQLite file that all processes of the machine share,
   * `postgres://…` for several machines. Default: this process's memory, so that each process knows the
   * outcomes of its own messages only.
   */
  readonly ledger?: string
  /** Kind of the queues that are made. Default `quorum`. */
  readonly queues?: 'quorum' | 'classic'
  /** Name of this producer: what comes home while it is away waits for it, under that name. */
  readonly name?: string
}

export const rabbitmqOptionNames = ['ledger', 'queues', 'name'] as const

export class OverRabbitmq {
  readonly #options: {
    readonly [K in keyof OverRabbitmqOptions]: OverRabbitmqOptions[K] | undefined
  }
  readonly #onProblem: (text: string) => void
  #state: RabbitEngineState | undefined

  constructor(
    options: { readonly [K in keyof OverRabbitmqOptions]: OverRabbitmqOptions[K] | undefined },
    onProblem: (text: string) => void,
  ) {
    this.#options = options
    this.#onProblem = onProblem
  }

  async open(connection: AmqpConnection): Promise<Link> {
    const { openRabbitLink } = await import('./rabbitmq/rabbit-link.ts')
    this.#state ??= await this.#openState()
    return openRabbitLink(connection, this.#state)
  }

  async #openState(): Promise<RabbitEngineState> {
    const { RabbitEngineState } = await import('./rabbitmq/rabbit-engine-state.ts')
    const { openSharedLedger } = await import('../../shared-ledger/open-shared-ledger.ts')
    const { ledger: where = 'memory:', queues, name } = this.#options
    const onProblem = this.#onProblem
    const ledger = await openSharedLedger(where, { onProblem })
    try {
      return new RabbitEngineState({ ledger, queues, name, onProblem })
    } catch (error) {
      await ledger.close()
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#state?.ledger.close()
  }
}
