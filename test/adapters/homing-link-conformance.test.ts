/*
 * The whole suite of the port in a virtual host that is not `/`: every name goes through both ways.
 * Each engine is a connection of its own to a broker of its own.
 */

import { openAmqpConnection } from '../../src/adapters/amqp/connection.ts'
import { openHomingLink } from '../../src/adapters/amqp/homing-link.ts'
import { openLinkedEngine } from '../../src/adapters/linked-engine.ts'
import { startBroker } from '../../src/amqp.ts'
import type { Engine } from '../../src/engine.ts'
import { engineConformance } from '../../src/testing/index.ts'
import { inVirtualHost } from './homing-broker.ts'

const virtualHost = 'a place'
engineConformance({
  name: `homing link, in virtual host ${virtualHost}`,
  without: {
    restart: 'the broker of this suite is in memory',
    unreachable: 'asked of the door, which opens connections',
    loginRefused: 'asked of the door, which opens connections',
    overTls: 'asked of the door, which opens connections',
    untrusted: 'asked of the door, which opens connections',
  },
  open: async () => {
    const broker = await startBroker({ virtualHosts: ['a place'] })
    const url = inVirtualHost(broker.url, virtualHost)
    let last: Awaited<ReturnType<typeof openAmqpConnection>> | undefined
    const open = (): Promise<Engine> =>
      openLinkedEngine({
        open: async () => {
          last = await openAmqpConnection(url)
          return openHomingLink(last)
        },
        where: url,
        onProblem: () => undefined,
        onBack: () => undefined,
      })
    let engine = await open()
    return {
      engine,
      reopen: async () => {
        await engine.close()
        engine = await open()
        return engine
      },
      another: async () => {
        const own = last
        const other = await open()
        last = own
        return other
      },
      cut: async () => {
        const inner = last?.model.connection as unknown as {
          stream: { destroy(why: Error): void }
        }
        inner.stream.destroy(new Error('cut'))
      },
      dispose: async () => {
        await engine.close()
        await broker.close()
      },
    }
  },
})
