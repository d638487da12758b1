/*
 * BullMQ as its documents show it: Queue.add, Worker, job.waitUntilFinished(QueueEvents), finished
 * jobs removed. The bench tries several of the settings below and keeps the quickest.
 */

import { type ConnectionOptions, Queue, QueueEvents, Worker } from 'bullmq'
import { closedLoop, type Load, type LoadResult } from './closed-loop.ts'
import { checkTotal, type Order, type OrderTotal, orderOf, totalOf } from './order.ts'

export interface BullmqSettings {
  readonly port: number
  readonly load: Load
  /** Jobs the worker works on at once. */
  readonly concurrency: number
  /** The worker runs in a process of its own. */
  readonly workerElsewhere: boolean
  readonly autoPipelining: boolean
}

const queueName = 'orders'

const connectionTo = (settings: BullmqSettings): ConnectionOptions => ({
  host: '127.0.0.1',
  port: settings.port,
  maxRetriesPerRequest: null,
  enableAutoPipelining: settings.autoPipelining,
})

export async function startWorker(settings: BullmqSettings): Promise<Worker> {
  const worker = new Worker<Order, OrderTotal>(queueName, async (job) => totalOf(job.data), {
    connection: connectionTo(settings),
    concurrency: settings.concurrency,
  })
  worker.on('error', () => undefined)
  await worker.waitUntilReady()
  return worker
}

export async function bullmqRoundTrips(settings: BullmqSettings): Promise<LoadResult> {
  const connection = connectionTo(settings)
  const queue = new Queue<Order, OrderTotal>(queueName, {
    connection,
    // Removing at once (`true`) makes waitUntilFinished fail for a job that is finished and gone
    // before it looks; it was tried, and it happens. So as many are kept as are ever in flight, twice.
    defaultJobOptions: { removeOnComplete: { count: 2_000 } },
  })
  const events = new QueueEvents(queueName, { connection })
  queue.setMaxListeners(0)
  events.setMaxListeners(0)
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()])
  await queue.obliterate({ force: true })
  const worker = settings.workerElsewhere ? undefined : await startWorker(settings)
  const result = await closedLoop(settings.load, async (n) => {
    const job = await queue.add('price', orderOf(n))
    checkTotal(n, await job.waitUntilFinished(events))
  })
  await worker?.close()
  await events.close()
  await queue.close()
  return result
}
