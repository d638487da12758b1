import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { Trial, type TrialClient, table } from './trial.ts'

/** A session that touches most of what there is, as bytes. */
function session(client: TrialClient): Buffer {
  client.login().tune().send(0, { name: 'connection.open', virtualHost: '/' })
  client.send(1, { name: 'channel.open' }).send(2, { name: 'channel.open' })
  client.declare(1, 'q', { durable: true }).declare(2, 'r', { exclusive: true })
  client.send(1, {
    name: 'exchange.declare',
    exchange: 'e',
    type: 'topic',
    passive: false,
    durable: false,
    autoDelete: true,
    internal: false,
    nowait: false,
    args: table({ 'alternate-exchange': 'none' }),
  })
  client.send(1, {
    name: 'queue.bind',
    queue: 'q',
    exchange: 'e',
    routingKey: 'a.#',
    nowait: false,
    args: table(),
  })
  client.send(1, { name: 'confirm.select', nowait: false }).send(2, { name: 'tx.select' })
  client.qos(1, 3).consume(1, 'q', 't').consume(2, 'r', 'u', true)
  for (let n = 0; n < 5; n++) {
    client.publish(1, 'a.b', `body ${n}`, { exchange: 'e', persistent: true })
    client.publish(2, 'r', 'x'.repeat(n)).publish(1, 'none', 'y', { mandatory: true })
  }
  client.ack(1, 1).nack(1, 2).get(1, 'q').send(1, { name: 'basic.recover', requeue: true })
  client.send(2, { name: 'tx.commit' }).closeChannel(2).closeConnection()
  return client.writer.take()
}

interface Mutation {
  readonly at: number
  readonly byte: number
  readonly how: 'change' | 'drop' | 'double'
}

function mutated(bytes: Buffer, mutations: readonly Mutation[]): Buffer {
  let result = bytes
  for (const { at, byte, how } of mutations) {
    const place = Math.floor(at * result.length)
    const rest = result.subarray(how === 'double' ? place : place + 1)
    const middle = how === 'change' ? [byte] : []
    result = Buffer.concat([result.subarray(0, place), Buffer.from(middle), rest])
  }
  return result
}

const mutation = fc.record<Mutation>({
  at: fc.double({ min: 0, max: 0.999, noNaN: true }),
  byte: fc.integer({ min: 0, max: 255 }),
  how: fc.constantFrom('change', 'change', 'drop', 'double'),
})

test('whatever becomes of the bytes of a session, the broker stays whole and the next client is served', async () => {
  const broke: unknown[] = []
  const trial = await Trial.open()
  const bytes = session(trial.client())
  await fc.assert(
    fc.asyncProperty(
      fc.array(mutation, { maxLength: 4 }),
      fc.array(fc.nat(bytes.length), { maxLength: 3 }),
      async (mutations, cuts) => {
        const client = trial.client({ broke: (thrown) => broke.push(thrown) })
        const sent = mutated(bytes, mutations)
        let from = 0
        for (const cut of [...cuts.sort((a, b) => a - b), sent.length]) {
          client.raw(sent.subarray(from, cut))
          from = Math.max(from, cut)
          await client.hears()
        }
        assert.ok(client.connection.facts.waitingBytes < 1024 * 1024)
        client.connection.socketClosed()
        await client.hears()
        assert.equal(client.connection.state, 'over')
        assert.deepEqual(broke, [])
      },
    ),
    { numRuns: Number(process.env.HOMING_RUNS ?? 150) },
  )
  const next = await trial.connected()
  next.declare(1, '').publish(1, '', 'fine')
  assert.equal((await next.hears()).length, 1)
})
