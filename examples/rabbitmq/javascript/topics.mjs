// Topics: `*` stands for one word of the routing key, `#` for any number of them, none included.
import { connect } from 'amqplib'

const connection = await connect(process.env.AMQP_URL ?? 'amqp://127.0.0.1')
const channel = await connection.createConfirmChannel()
await channel.assertExchange('topic_logs', 'topic', { durable: false })

const patterns = ['kern.*', '*.critical', 'kern.#', '#']
const queues = []
for (const pattern of patterns) {
  const { queue } = await channel.assertQueue('', { exclusive: true })
  await channel.bindQueue(queue, 'topic_logs', pattern)
  queues.push(queue)
}
for (const key of ['kern.info', 'kern', 'cron.critical', 'kern.disk.full'])
  channel.publish('topic_logs', key, Buffer.from('look here'))
await channel.waitForConfirms()

for (const [index, pattern] of patterns.entries()) {
  const { messageCount } = await channel.checkQueue(queues[index])
  console.log(`${pattern} got ${messageCount}`)
}
await connection.close()
