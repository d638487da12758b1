/*
 * The same round trips by a process that joins another one, which owns the data directory.
 */

import { homing, queue } from '../../src/index.ts'
import { withUse } from '../amqp/measured-use.ts'
import { closedLoop, type Load, type LoadResult } from './closed-loop.ts'
import { checkTotal, type Order, type OrderTotal, orderOf, totalOf } from './order.ts'
import { runClient } from './run-client.ts'

export interface JoinedRoundTripSettings {
  readonly directory: string
  readonly load: Load
  /** Handlers at once; 0 when the consumer is elsewhere. */
  readonly concurrency: number
  /** The process that is joined. */
  readonly owner: number
}

const orders = queue('orders')

runClient(
  async ({ directory, load, concurrency, owner }: JoinedRoundTripSettings): Promise<LoadResult> => {
    await using home = await homing(directory)
    if (concurrency > 0) {
      home.consume(orders, async ({ input }) => totalOf(input as Order), {
        concurrency,
        prefetch: 2 * concurrency,
      })
    }
    return await withUse([owner], load, () =>
      closedLoop(load, async (n) =>
        checkTotal(n, (await home.call(orders, orderOf(n))) as OrderTotal),
      ),
    )
  },
)
