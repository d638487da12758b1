// Publisher confirms: the broker says of every message that it has it, on disk if it is persistent.
import { connect } from 'amqplib'

const connection = await connect(process.env.AMQP_URL ?? 'amqp://127.0.0.1')
const channel = await connection.createConfirmChannel()
const { queue } = await channel.assertQueue('', { exclusive: true })

// One by one: safe, and as slow as the way there and back.
channel.sendToQueue(queue, Buffer.from('first'))
await channel.waitForConfirms()

// In a batch: many on their way at once.
let confirmed = 0
for (let number = 0; number < 1000; number++)
  channel.sendToQueue(queue, Buffer.from(`${number}`), {}, (refused) => {
    if (refused === null) confirmed++
  })
await channel.waitForConfirms()

// Nowhere to go: the message comes back, then it is confirmed.
channel.on('return', ({ fields }) => console.log(`came back: ${fields.replyText}`))
channel.publish('', 'no such queue', Buffer.from('lost?'), { mandatory: true })
await channel.waitForConfirms()

console.log(`confirmed: ${confirmed}`)
await connection.close()
