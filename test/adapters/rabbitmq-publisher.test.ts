/* The channel of confirms, when it is renewed and when it ends in the middle. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Channel, type ChannelModel, connect } from 'amqplib'
import { type Outgoing, Publisher } from '../../src/adapters/amqp/rabbitmq/publisher.ts'
import { lackingRabbitmq, type Rabbitmq, startRabbitmq } from '../amqp/rabbitmq.ts'

const outgoing = (n: number, exchange = '', routingKey = 'work'): Outgoing => ({
  exchange,
  routingKey,
  body: Buffer.from(`${n}`),
  options: { messageId: `m${n}`, mandatory: true, persistent: true },
})

describe('a publisher over RabbitMQ', { skip: lackingRabbitmq() }, () => {
  let rabbitmq: Rabbitmq
  let connection: ChannelModel
  let channel: Channel
  before(async () => {
    rabbitmq = await startRabbitmq()
    connection = await connect(`amqp://127.0.0.1:${rabbitmq.port}`)
    channel = await connection.createChannel()
    await channel.assertQueue('work', { arguments: { 'x-queue-type': 'quorum' } })
  })
  after(async () => {
    await connection.close()
    await rabbitmq.stop()
  })

  const open = async (): Promise<Publisher> => {
    await channel.purgeQueue('work')
    const publisher = new Publisher(connection)
    await publisher.open()
    return publisher
  }
  const some = (publisher: Publisher, from: number, length = 100): Promise<unknown>[] =>
    Array.from({ length }, (_, n) => publisher.publish(outgoing(from + n)))
  const waiting = async (): Promise<number> => (await channel.checkQueue('work')).messageCount

  test('takes another channel in the middle, and publishes nothing twice', async () => {
    const publisher = await open()
    const first = some(publisher, 0)
    const renewed = publisher.renew()
    const second = some(publisher, 100)
    await renewed
    const third = some(publisher, 200)
    await publisher.renew()
    const all = await Promise.all([...first, ...second, ...third])
    assert.deepEqual(new Set(all), new Set(['stored']))
    assert.equal(await waiting(), 300)
  })

  test('tells who closed the channel that was just replaced, and everybody else arrives', async () => {
    const publisher = await open()
    // So many that the next channel is open before the server comes to the wrong one.
    const first = some(publisher, 0, 2_000)
    const wrong = publisher.publish(outgoing(10_000, 'no-such-exchange'))
    const second = some(publisher, 2_000)
    await Promise.all([
      publisher.renew(),
      assert.rejects(wrong, { code: 'queue-unknown', message: /no-such-exchange/ }),
    ])
    const third = some(publisher, 3_000)
    const all = await Promise.all([...first, ...second, ...third])
    assert.deepEqual(new Set(all), new Set(['stored']))
    assert.ok((await waiting()) >= 2_200)
  })

  test('says that no queue took a message, on the new channel as well', async () => {
    const publisher = await open()
    await publisher.renew()
    assert.equal(await publisher.publish(outgoing(1, '', 'no-such-queue')), 'absent')
  })
})
