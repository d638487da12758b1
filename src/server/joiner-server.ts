/*
 * AMQP for the processes that join the owner of a data directory, over an engine that is open already.
 *
 * Rules: it listens nowhere and takes the sockets it is given. Who comes by one of them is the user that
 * the directory belongs to, and may do everything. The engine is not closed with it. Definitions of
 * `homing serve` are in force here, too, where there are any.
 */

import type net from 'node:net'
import { systemClock } from '../clock.ts'
import type { Broker } from '../embedded/broker.ts'
import { AuditLog } from './audit-log.ts'
import { BrokerServer } from './broker-server.ts'
import { readDefinitions, writeDefinitions } from './definitions-file.ts'
import { DefinitionsStore } from './definitions-store.ts'
import { firstState } from './first-start.ts'
import { virtualHostDefault } from './open-definitions.ts'
import { noLog, type ServerLog } from './server-log.ts'

export interface JoinerServer {
  take(socket: net.Socket): void
  /** Tells the joiners, and gives back what they hold. */
  stop(): Promise<void>
}

/** Fails with `format-unknown`, `not-permitted` for definitions that cannot be read. */
export async function openJoinerServer(
  engine: Broker,
  directory: string,
  onProblem: (text: string) => void,
): Promise<JoinerServer> {
  const server = new BrokerServer({
    audit: new AuditLog({ clock: systemClock, log: noLog }),
    engine,
    definitions: definitionsOf(directory),
    clock: systemClock,
    realClock: systemClock,
    // What a joiner sends is bounded as what the owner itself sends.
    gauges: [],
    settings: { listen: [], log: problemsTo(onProblem) },
  })
  await server.start()
  return { take: (socket) => server.takeOwner(socket), stop: () => server.stop() }
}

function definitionsOf(directory: string): DefinitionsStore {
  const known = readDefinitions(directory)
  return known === undefined
    ? new DefinitionsStore(firstState(virtualHostDefault, []))
    : new DefinitionsStore(known, (state) => writeDefinitions(directory, state))
}

/** What a joiner was refused it says itself; what broke here is told here. */
const problemsTo = (onProblem: (text: string) => void): ServerLog => ({
  ...noLog,
  error: (facts, text) => {
    const { error } = facts as { readonly error?: unknown }
    onProblem(`serving a joined process: ${text}${error === undefined ? '' : ` (${error})`}`)
  },
})
