/*
 * The broker under test: the engine, virtual hosts and connections of a folder of sources, put together
 * without a socket. The folder is the repository's own, or a copy with a bug planted in it.
 */

import { pathToFileURL } from 'node:url'
import type { Connection } from '../../../src/amqp/connection.ts'
import type { Outlet } from '../../../src/amqp/outlet.ts'
import { connectionDefaults } from '../../../src/amqp/settings.ts'
import type { Clock } from '../../../src/clock.ts'
import type { Broker } from '../../../src/embedded/broker.ts'
import type { RandomSource } from '../../../src/testing/random.ts'
import { noDefinitions } from '../../../src/virtual-host/definitions.ts'
import type { Session } from '../../../src/virtual-host/port.ts'
import { loadSystem, ownSources } from '../../simulation/load-system.ts'
import type { System } from '../../simulation/system.ts'

/** A broker that takes clients, until its engine is gone. */
export interface Serving {
  connect(outlet: Outlet, broke: (thrown: unknown) => void): Connection
}

export interface Serve {
  readonly engine: Broker
  readonly clock: Clock
  readonly random: RandomSource
  readonly onProblem: (text: string) => void
}

export interface BrokerSystem {
  readonly engine: System
  serve(parts: Serve): Serving
}

export async function loadBroker(sources: string = ownSources): Promise<BrokerSystem> {
  const url = (path: string): string => pathToFileURL(`${sources}/${path}`).href
  const { Connection } = (await import(
    url('amqp/connection.ts')
  )) as typeof import('../../../src/amqp/connection.ts')
  const { VirtualHosts } = (await import(
    url('virtual-host/virtual-hosts.ts')
  )) as typeof import('../../../src/virtual-host/virtual-hosts.ts')
  return {
    engine: await loadSystem(sources),
    serve: ({ engine, clock, random, onProblem }) => {
      const hosts = new VirtualHosts({
        door: engine.door,
        definitions: noDefinitions,
        clock,
        randomBytes: (count) => Uint8Array.from({ length: count }, () => random.below(256)),
        replySecret: new Uint8Array(32),
        onProblem,
      })
      let port = 0
      return {
        connect: (outlet, broke) =>
          new Connection({
            clock,
            outlet,
            peer: { ...peer, port: ++port },
            watch: { broke },
            settings: {
              ...connectionDefaults,
              serverProperties: new Map(),
              authenticate: () => ({ user: 'guest' }),
              openVirtualHost: (name, _login, opening) => ({
                host: hosts.host(name),
                session: sessionOf(opening.name),
              }),
            },
          }),
      }
    },
  }
}

const peer = {
  address: '127.0.0.1',
  localAddress: '127.0.0.1',
  localPort: 5672,
  tls: false,
  certificateUser: undefined,
} as const

const sessionOf = (connectionName: string): Session => ({
  user: 'guest',
  tags: new Set(),
  connectionName,
  may: () => true,
  mayTopic: () => true,
  warnPortability: () => undefined,
  compat: undefined,
})
