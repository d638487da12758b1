// Publish and subscribe: a fanout exchange gives each queue bound to it a copy.
import { connect } from 'amqplib'

const connection = await connect(process.env.AMQP_URL ?? 'amqp://127.0.0.1')
const channel = await connection.createChannel()
await channel.assertExchange('logs', 'fanout', { durable: false })

const heard = ['screen', 'disk'].map((listener) => subscribe(listener))
const queues = await Promise.all(heard)
channel.publish('logs', '', Buffer.from('the disk is nearly full'))
for (const line of await Promise.all(queues.map((queue) => queue.first))) console.log(line)
await connection.close()

async function subscribe(listener) {
  // A queue of this connection, with a name by the broker; it goes with the connection.
  const { queue } = await channel.assertQueue('', { exclusive: true })
  await channel.bindQueue(queue, 'logs', '')
  const { promise, resolve } = Promise.withResolvers()
  await channel.consume(queue, (message) => resolve(`${listener}: ${message.content}`), {
    noAck: true,
  })
  return { first: promise }
}
