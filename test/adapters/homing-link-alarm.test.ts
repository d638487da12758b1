/* Publishes on their way while an alarm is raised and lifted, frame by frame. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAmqpConnection } from '../../src/adapters/amqp/connection.ts'
import { systemClock } from '../../src/clock.ts'
import type { Broker } from '../../src/embedded/broker.ts'
import { openEmbedded } from '../../src/embedded/open.ts'
import { CallWriter } from '../../src/port-wire/calls.ts'
import { portQueue, portVersion } from '../../src/port-wire/frame.ts'
import { AuditLog } from '../../src/server/audit-log.ts'
import { BrokerServer } from '../../src/server/broker-server.ts'
import { DefinitionsStore } from '../../src/server/definitions-store.ts'
import { firstState, guestUser } from '../../src/server/first-start.ts'
import { virtualHostDefault } from '../../src/server/open-definitions.ts'
import { noLog } from '../../src/server/server-log.ts'
import { bodiesOf, eventsIn } from '../port-wire/wire-trial.ts'
import { messageTo, until } from './homing-broker.ts'

/** A broker that is low on memory when the test says so. */
async function lowableBroker() {
  let level = 0
  const engine = (await openEmbedded('memory:')) as Broker
  const server = new BrokerServer({
    engine,
    audit: new AuditLog({ clock: systemClock, log: noLog }),
    definitions: new DefinitionsStore(firstState(virtualHostDefault, [await guestUser()])),
    clock: systemClock,
    realClock: systemClock,
    gauges: () => [{ name: 'memory', reason: 'low on memory', read: () => level }],
    settings: { listen: [{ host: '127.0.0.1', port: 0 }] },
  })
  await server.start()
  const set = async (to: number): Promise<void> => {
    level = to
    await until(() => (server.blockedFor !== undefined) === to > 1, 'the alarm')
  }
  return { server, set, [Symbol.asyncDispose]: () => server.close() }
}

test('a publish that comes after the alarm is lifted does not pass those that were not taken', async () => {
  await using broker = await lowableBroker()
  const connection = await openAmqpConnection(broker.server.listening[0]?.url ?? '')
  const channel = await connection.model.createChannel()
  const bodies: Buffer[] = []
  await channel.consume(portQueue, (event) => event && bodies.push(event.content), { noAck: true })
  const ask = (write: (calls: CallWriter) => void): void => {
    for (const body of bodiesOf((batch) => write(new CallWriter(batch))))
      channel.publish('', portQueue, Buffer.from(body))
  }
  const told = (): string[] => eventsIn(bodies).map(([name, call]) => `${name} ${call ?? ''}`)
  const tells = (what: string): Promise<void> => until(() => told().includes(what), what)
  const first = messageTo('q', 'first')
  const second = messageTo('q', 'second')

  ask((calls) => calls.hello(portVersion))
  await broker.set(2)
  ask((calls) => calls.publish(1, [first], false))
  await tells('held 1')
  await broker.set(0)
  await tells('goOn ')
  // It was on its way before the client could know.
  ask((calls) => calls.publish(2, [second], false))
  await tells('held 2')
  ask((calls) => {
    calls.goingOn()
    calls.publish(3, [first], false)
    calls.publish(4, [second], false)
  })
  await tells('published 4')
  assert.deepEqual(told().slice(1), ['held 1', 'goOn ', 'held 2', 'published 3', 'published 4'])
  const seen: string[] = []
  broker.server.engine.subscribe(
    'q',
    { prefetch: 2 },
    { deliver: ({ message }) => void seen.push(message.id), revoke: () => undefined },
  )
  await until(() => seen.length === 2, 'both')
  assert.deepEqual(seen, [first.id, second.id])
  await connection.close()
})
