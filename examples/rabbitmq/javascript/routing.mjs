// Routing: a direct exchange hands a message to the queues bound with its routing key.
import { connect } from 'amqplib'

const connection = await connect(process.env.AMQP_URL ?? 'amqp://127.0.0.1')
const channel = await connection.createConfirmChannel()
await channel.assertExchange('direct_logs', 'direct', { durable: false })

const { queue: everything } = await channel.assertQueue('', { exclusive: true })
for (const severity of ['info', 'warning', 'error'])
  await channel.bindQueue(everything, 'direct_logs', severity)
const { queue: errors } = await channel.assertQueue('', { exclusive: true })
await channel.bindQueue(errors, 'direct_logs', 'error')

for (const severity of ['info', 'error'])
  channel.publish('direct_logs', severity, Buffer.from(`${severity}: something happened`))
await channel.waitForConfirms()

console.log(`everything: ${(await channel.checkQueue(everything)).messageCount}`)
console.log(`errors: ${(await channel.checkQueue(errors)).messageCount}`)
await connection.close()
