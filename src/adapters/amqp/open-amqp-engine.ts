/*
 * The engine behind a URL amqp:// or amqps://.
 *
 *   connect ─▶ what is it? ── capability homing_port ──▶ the port itself over the wire
 *                          └─ anything else ───────────▶ queues, confirms and a shared ledger
 *
 * Rule: what was found first stays. A server of another kind on a reconnect is refused: messages and
 * outcomes are in different places there.
 */

import { type Duration, durationMs } from '../../duration.ts'
import type { Engine } from '../../engine.ts'
import { HomingError } from '../../errors.ts'
import { checkOptions } from '../../known-options.ts'
import type { Link } from '../link.ts'
import { openLinkedEngine, patienceMsDefault } from '../linked-engine.ts'
import { type AmqpConnection, AmqpConnector } from './connection.ts'
import { type AmqpConnectionOptions, connectionOptionNames } from './connection-options.ts'
import { OverRabbitmq, type OverRabbitmqOptions, rabbitmqOptionNames } from './over-rabbitmq.ts'
import { type ServerKind, serverKind, serverName } from './server-kind.ts'

export interface AmqpEngineOptions extends AmqpConnectionOptions, OverRabbitmqOptions {
  /** How long a call waits for a connection to come back before it fails with `unreachable`. Default 30 s. */
  readonly patience?: Duration
  /** Told what no caller can be told: a connection lost, and found again. Default: a line on stderr. */
  readonly onProblem?: (text: string) => void
}

/** Where news go when `onProblem` is not given. */
export interface News {
  problem(text: string): void
  back(text: string): void
}

const known = new Set<string>([
  ...connectionOptionNames,
  ...rabbitmqOptionNames,
  ...['patience', 'onProblem'],
])

/**
 * Connects, and finds out what kind of server it is. Fails with `unreachable`, `login-refused`,
 * `access-refused`, `bad-certificate`, `unknown-option`, `bad-argument`, `unsupported`.
 */
export async function openAmqpEngine(
  urls: string | readonly string[],
  options: AmqpEngineOptions,
  news: News,
): Promise<Engine> {
  checkOptions(options, known, 'homing() with the URL of a broker')
  const { patience, onProblem, ledger, queues, name, ...forConnection } = options
  if (onProblem !== undefined && typeof onProblem !== 'function') {
    throw new HomingError('bad-argument', `onProblem is ${typeof onProblem}; give a function`)
  }
  const tell = onProblem === undefined ? news : { problem: onProblem, back: onProblem }
  const connector = new AmqpConnector(urls, forConnection, tell.problem)
  const rabbitmq = new OverRabbitmq({ ledger, queues, name }, tell.problem)
  const links = new AmqpLinks(connector, rabbitmq, tell.problem)
  try {
    const engine = await openLinkedEngine({
      open: (signal) => links.open(signal),
      where: connector.where,
      patienceMs: patience === undefined ? patienceMsDefault : durationMs(patience, 'patience'),
      onProblem: tell.problem,
      onBack: tell.back,
    })
    return closing(engine, () => rabbitmq.close())
  } catch (error) {
    await rabbitmq.close()
    throw error
  }
}

/** What was opened for the engine is closed after it. */
function closing(engine: Engine, then: () => Promise<void>): Engine {
  const close = engine.close.bind(engine)
  let closing: Promise<void> | undefined
  engine.close = () => {
    closing ??= close().finally(then)
    return closing
  }
  return engine
}

class AmqpLinks {
  readonly #connector: AmqpConnector
  readonly #rabbitmq: OverRabbitmq
  readonly #onProblem: (text: string) => void
  #kind: ServerKind | undefined

  constructor(connector: AmqpConnector, rabbitmq: OverRabbitmq, onProblem: (text: string) => void) {
    this.#connector = connector
    this.#rabbitmq = rabbitmq
    this.#onProblem = onProblem
  }

  async open(signal: AbortSignal): Promise<Link> {
    const connection = await this.#connect(signal)
    try {
      const kind = this.#checkedKind(connection)
      const link = await this.#openLink(kind, connection)
      this.#kind = kind
      return link
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  async #openLink(kind: ServerKind, connection: AmqpConnection): Promise<Link> {
    if (kind === 'rabbitmq') return this.#rabbitmq.open(connection)
    const { openHomingLink } = await import('./homing-link.ts')
    return openHomingLink(connection, { onProblem: this.#onProblem })
  }

  async #connect(signal: AbortSignal): Promise<AmqpConnection> {
    try {
      return await this.#connector.connect(signal)
    } catch (error) {
      if (this.#kind === undefined || !isAccess(error)) throw error
      // A server that starts may open its virtual hosts after its port.
      throw new HomingError('unreachable', (error as Error).message, { cause: error })
    }
  }

  #checkedKind({ where, serverProperties }: AmqpConnection): ServerKind {
    const kind = serverKind(serverProperties)
    if (this.#kind === undefined || kind === this.#kind) return kind
    const name = serverName(serverProperties)
    throw new HomingError(
      'unsupported',
      this.#kind === 'homing'
        ? `${where} was a Homing broker and is ${name} now; what was sent is not there: start the broker again, or open a new home`
        : `${where} was no Homing broker and is one now (${name}); what was sent is not there: start the other server again, or open a new home`,
      { data: { was: this.#kind, is: kind } },
    )
  }
}

const isAccess = (error: unknown): boolean =>
  error instanceof HomingError && error.code === 'access-refused'
