// Request and reply: the answer comes to amq.rabbitmq.reply-to, for which there is no queue to declare.
import { randomUUID } from 'node:crypto'
import { connect } from 'amqplib'

const connection = await connect(process.env.AMQP_URL ?? 'amqp://127.0.0.1')
const server = await serve('rpc_queue', fibonacci)
const call = await caller('rpc_queue')
const answers = await Promise.all([10, 20, 30].map((number) => call(number)))
console.log(`fib(10), fib(20), fib(30) = ${answers.join(', ')}`)
// Before the connection: amqplib's close of that overtakes an acknowledgement on its way.
await server.close()
await connection.close()

async function serve(queue, answer) {
  const channel = await connection.createChannel()
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } })
  await channel.prefetch(1)
  await channel.consume(queue, (request) => {
    const { replyTo, correlationId } = request.properties
    const result = answer(Number(request.content))
    channel.sendToQueue(replyTo, Buffer.from(`${result}`), { correlationId })
    channel.ack(request)
  })
  return channel
}

async function caller(queue) {
  const channel = await connection.createChannel()
  const waiting = new Map()
  const replies = 'amq.rabbitmq.reply-to'
  await channel.consume(
    replies,
    (reply) => {
      waiting.get(reply.properties.correlationId)?.(Number(reply.content))
      waiting.delete(reply.properties.correlationId)
    },
    { noAck: true },
  )
  return (value) =>
    new Promise((resolve) => {
      const correlationId = randomUUID()
      waiting.set(correlationId, resolve)
      channel.sendToQueue(queue, Buffer.from(`${value}`), { replyTo: replies, correlationId })
    })
}

function fibonacci(number) {
  return number < 2 ? number : fibonacci(number - 1) + fibonacci(number - 2)
}
