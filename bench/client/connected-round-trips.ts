/*
 * The same round trips by a process whose engine is at the end of a URL: a Homing broker, or RabbitMQ
 * with a ledger beside it. Producer and consumer share the home, and so its one connection.
 */

import { type HomingOptions, homing, queue } from '../../src/index.ts'
import { withUse } from '../amqp/measured-use.ts'
import { closedLoop, type Load, type LoadResult } from './closed-loop.ts'
import { checkTotal, type Order, type OrderTotal, orderOf, totalOf } from './order.ts'
import { runClient } from './run-client.ts'

export interface ConnectedRoundTripSettings {
  readonly url: string
  readonly options: HomingOptions
  /** Processes of the broker, and of what it needs. */
  readonly servers: readonly number[]
  readonly load: Load
  /** Handlers at once. */
  readonly concurrency: number
}

// Not the queue of the same work by hand, which has other arguments.
const orders = queue('homing.orders')

runClient(async (settings: ConnectedRoundTripSettings): Promise<LoadResult> => {
  const { url, options, servers, load, concurrency } = settings
  await using home = await homing(url, options)
  home.consume(orders, async ({ input }) => totalOf(input as Order), {
    concurrency,
    prefetch: 2 * concurrency,
  })
  return await withUse(servers, load, () =>
    closedLoop(load, async (n) =>
      checkTotal(n, (await home.call(orders, orderOf(n))) as OrderTotal),
    ),
  )
})
