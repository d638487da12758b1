/*
 * A broker for the tests of any program that talks AMQP: inside their process, in memory, on a port of
 * its own, gone when they close it.
 */

import { Buffer } from 'node:buffer'
import type { ConnectionFacts } from '../amqp/connection-facts.ts'
import { type Clock, systemClock } from '../clock.ts'
import { openBroker } from '../embedded/broker.ts'
import { engineOptions } from '../embedded/engine-options.ts'
import { memoryDisk } from '../embedded/journal/memory-disk.ts'
import { openMemoryLedger } from '../embedded/ledger/memory-ledger.ts'
import type { Engine } from '../engine.ts'
import { HomingError } from '../errors.ts'
import type { Accounts } from './accounts.ts'
import { AuditLog } from './audit-log.ts'
import { BrokerServer } from './broker-server.ts'
import type { Change } from './definitions-state.ts'
import { DefinitionsStore } from './definitions-store.ts'
import { type FirstUser, firstState, guestName, guestUser } from './first-start.ts'
import { memoryBytesDefault, memoryGauge } from './gauges.ts'
import { virtualHostDefault } from './open-definitions.ts'
import { hashPassword, publicPasswordCost } from './password.ts'
import { noLog } from './server-log.ts'
import { checkSettings, type ServerSettings } from './server-settings.ts'
import { setPermission } from './user-changes.ts'
import { addVirtualHost } from './virtual-host-changes.ts'

export interface TestUser {
  readonly name: string
  readonly password: string
  readonly tags?: readonly string[]
}

export interface BrokerOptions extends Omit<ServerSettings, 'listen'> {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default: one that is free. */
  readonly port?: number
  /** Users who may do everything, in place of `guest`. */
  readonly users?: readonly TestUser[]
  /** Virtual hosts beside `/`. */
  readonly virtualHosts?: readonly string[]
}

/** A broker that runs. */
export interface RunningBroker extends AsyncDisposable {
  /** For any client: `amqp://127.0.0.1:PORT`, with name and password of the first of `users`. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** The engine behind it: outcomes, queues, dead letters. */
  readonly engine: Engine
  readonly accounts: Accounts
  /** The connections of now. */
  connections(): readonly ConnectionFacts[]
  /** Closes all connections, and all is gone. */
  close(): Promise<void>
}

/** {@link startBroker} in the time of a clock. */
export async function startBrokerAt(
  clock: Clock,
  options: BrokerOptions = {},
): Promise<RunningBroker> {
  checkSettings(options, 'startBroker', ['host', 'port', 'users', 'virtualHosts'])
  const { host = '127.0.0.1', port = 0, users, virtualHosts = [], ...settings } = options
  const definitions = new DefinitionsStore(await firstDefinitions(users, virtualHosts))
  const ledger = openMemoryLedger({ retention: engineOptions().retention })
  const engine = await openBroker({ disk: memoryDisk(), clock, ledger }, engineOptions(), 'memory')
  const server = new BrokerServer({
    audit: new AuditLog({ clock, log: settings.log ?? noLog }),
    engine,
    definitions,
    clock,
    realClock: systemClock,
    gauges: [memoryGauge(settings.memoryBytesMax ?? memoryBytesDefault())],
    settings: { ...settings, listen: [{ host, port }] },
  })
  await server.start()
  return running(server, users?.[0])
}

function running(server: BrokerServer, first: TestUser | undefined): RunningBroker {
  const [listening] = server.listening
  if (listening === undefined) throw new HomingError('closed', 'the broker does not listen')
  const { port, host } = listening
  const login = first && `${encodeURIComponent(first.name)}:${encodeURIComponent(first.password)}@`
  return {
    url: login ? listening.url.replace('://', `://${login}`) : listening.url,
    host,
    port,
    engine: server.engine,
    accounts: server.accounts,
    connections: () => server.connections(),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  }
}

async function firstDefinitions(
  users: readonly TestUser[] | undefined,
  virtualHosts: readonly string[],
) {
  const all = users === undefined ? [await guestUser()] : await Promise.all(users.map(hashed))
  const everything = { configure: '.*', write: '.*', read: '.*' }
  const changes = virtualHosts.flatMap((vhost): readonly Change[] => [
    addVirtualHost(vhost),
    ...all.map(({ name }) => setPermission({ user: name, vhost, ...everything })),
  ])
  const first = firstState(virtualHostDefault, all)
  return changes.reduce((state, change) => change(state), first)
}

/** Cheap: these passwords stand in a test. */
async function hashed({ name, password, tags = [] }: TestUser): Promise<FirstUser> {
  const passwordHash = await hashPassword(Buffer.from(password, 'utf8'), publicPasswordCost)
  return { name, passwordHash, tags: name === guestName ? ['administrator'] : tags }
}
