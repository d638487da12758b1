// Work queues: tasks go to whichever worker is free, one at a time, and none is lost with a worker.
import { connect } from 'amqplib'

const connection = await connect(process.env.AMQP_URL ?? 'amqp://127.0.0.1')
const queue = 'task_queue'
const tasks = ['resize a photo', 'send a mail', 'print a bill', 'count the stock']

const sending = await connection.createConfirmChannel()
await sending.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } })
for (const task of tasks) sending.sendToQueue(queue, Buffer.from(task), { persistent: true })
await sending.waitForConfirms()

const done = []
const { promise: allDone, resolve: finished } = Promise.withResolvers()
const workers = await Promise.all(['anna', 'ben'].map(work))
await allDone
console.log(`done: ${done.toSorted().join(', ')}`)
// Channels first: amqplib's close of the connection overtakes an acknowledgement on its way.
for (const channel of workers) await channel.close()
await connection.close()

async function work(worker) {
  const channel = await connection.createChannel()
  // The next task comes only after this one was acknowledged.
  await channel.prefetch(1)
  await channel.consume(queue, (message) => {
    const task = message.content.toString()
    console.log(`${worker} works on: ${task}`)
    channel.ack(message)
    done.push(task)
    if (done.length === tasks.length) finished()
  })
  return channel
}
