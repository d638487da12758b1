/*
 * The RabbitMQ engine on a private node, a virtual host for each test.
 *
 *   const carrier = await startCarrier()
 *   const subject = carrier.open({ queues: 'quorum' })       // an EngineUnderTest
 */

import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../bench/server/server-process.ts'
import { type AmqpConnection, AmqpConnector } from '../../src/adapters/amqp/connection.ts'
import type { QueueKind } from '../../src/adapters/amqp/rabbitmq/queue-arguments.ts'
import { RabbitEngineState } from '../../src/adapters/amqp/rabbitmq/rabbit-engine-state.ts'
import { openRabbitLink } from '../../src/adapters/amqp/rabbitmq/rabbit-link.ts'
import { type LinkedEngine, openLinkedEngine } from '../../src/adapters/linked-engine.ts'
import { openSharedLedger } from '../../src/shared-ledger/open-shared-ledger.ts'
import type { EngineUnderTest } from '../../src/testing/index.ts'
import { type Rabbitmq, startRabbitmq } from '../amqp/rabbitmq.ts'

export interface CarrierOptions {
  readonly queues: QueueKind
  readonly lostAfterMs?: number
  readonly name?: string
  /** Default `guest`, who may do everything. */
  readonly user?: string
  readonly password?: string
  /** False: a ledger of its own for each engine. */
  readonly shared?: boolean
}

export interface OpenedEngine {
  readonly engine: LinkedEngine
  readonly state: RabbitEngineState
  /** What nobody waited for. */
  readonly problems: readonly string[]
  connection(): AmqpConnection
  close(): Promise<void>
}

export class Carrier {
  readonly rabbitmq: Rabbitmq
  readonly #managementPort: number
  #next = 0

  constructor(rabbitmq: Rabbitmq, managementPort: number) {
    this.rabbitmq = rabbitmq
    this.#managementPort = managementPort
  }

  /** A virtual host that no test has used. */
  async virtualHost(): Promise<string> {
    const name = `t${this.#next++}`
    await this.manage('PUT', `vhosts/${name}`)
    await this.manage('PUT', `permissions/${name}/guest`, {
      ...{ configure: '.*', write: '.*', read: '.*' },
    })
    return name
  }

  /** One request to the management plugin. */
  async manage(method: 'GET' | 'PUT' | 'DELETE', path: string, body?: object): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.#managementPort}/api/${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }

  url(virtualHost: string, user = 'guest', password = 'guest'): string {
    return `amqp://${user}:${password}@127.0.0.1:${this.rabbitmq.port}/${virtualHost}`
  }

  async openEngine(
    virtualHost: string,
    ledgerFile: string,
    options: CarrierOptions,
  ): Promise<OpenedEngine> {
    const problems: string[] = []
    const onProblem = (text: string): void => {
      problems.push(text)
      if (process.env.HOMING_SHOW_PROBLEMS === '1') console.error(text)
    }
    const ledger = await openSharedLedger(options.shared === false ? 'memory:' : ledgerFile)
    const state = new RabbitEngineState({ ...options, ledger, onProblem })
    const connector = new AmqpConnector(this.url(virtualHost, options.user, options.password))
    let last: AmqpConnection | undefined
    const opening = openLinkedEngine({
      open: async (signal) => {
        const connection = await connector.connect(signal)
        last = connection
        try {
          return await openRabbitLink(connection, state)
        } catch (error) {
          await connection.close()
          throw error
        }
      },
      where: connector.where,
      patienceMs: 60_000,
      onProblem,
      onBack: onProblem,
    })
    opening.catch(() => ledger.close())
    const engine = await opening
    let closing: Promise<void> | undefined
    return {
      engine,
      state,
      problems,
      connection: () => last as AmqpConnection,
      close: () => {
        closing ??= engine.close().then(() => ledger.close())
        return closing
      },
    }
  }

  async open(options: CarrierOptions): Promise<EngineUnderTest> {
    const directory = mkdtempSync(join(tmpdir(), 'homing-over-rabbitmq-'))
    const file = join(directory, 'ledger.sqlite')
    const virtualHost = await this.virtualHost()
    const opened: OpenedEngine[] = []
    const open = async (): Promise<OpenedEngine> => {
      const one = await this.openEngine(virtualHost, file, options)
      opened.push(one)
      return one
    }
    let current = await open()
    return {
      get engine() {
        return current.engine
      },
      reopen: async () => {
        await current.close()
        current = await open()
        return current.engine
      },
      another: async () => (await open()).engine,
      cut: async () => cutOff(current.connection()),
      restart: async (whileAway) => {
        // Quicker than a new process, and the same for queues and clients.
        await this.rabbitmq.call('rabbit', 'stop')
        await whileAway()
        await this.rabbitmq.call('rabbit', 'start')
      },
      dispose: async () => {
        await Promise.all(opened.map((one) => one.close()))
        await this.manage('DELETE', `vhosts/${virtualHost}`)
        rmSync(directory, { recursive: true, force: true })
      },
    }
  }
}

/** Without a word to the server. */
export function cutOff(connection: AmqpConnection): void {
  const { stream } = connection.model.connection as unknown as { readonly stream: Socket }
  stream.destroy(new Error('cut off'))
}

export async function startCarrier(): Promise<Carrier> {
  const managementPort = await freePort()
  const rabbitmq = await startRabbitmq({
    plugins: ['rabbitmq_management'],
    config: [
      `management.tcp.port = ${managementPort}`,
      'management.tcp.ip = 127.0.0.1',
      'management_agent.disable_metrics_collector = true',
    ],
  })
  return new Carrier(rabbitmq, managementPort)
}
