import { homing, queue } from '../../src/index.ts'
import { withUse } from '../amqp/measured-use.ts'
import { closedLoop, type Load, type LoadResult } from './closed-loop.ts'
import { checkTotal, type Order, type OrderTotal, orderOf, totalOf } from './order.ts'
import { runClient } from './run-client.ts'

export interface HomingRoundTripSettings {
  readonly directory: string
  readonly load: Load
  readonly concurrency: number
}

const orders = queue('orders')

runClient(async (settings: HomingRoundTripSettings): Promise<LoadResult> => {
  const { concurrency, load } = settings
  await using home = await homing(settings.directory)
  home.consume(orders, async ({ input }) => totalOf(input as Order), {
    concurrency,
    prefetch: 2 * concurrency,
  })
  return await withUse([], load, () =>
    closedLoop(load, async (n) =>
      checkTotal(n, (await home.call(orders, orderOf(n))) as OrderTotal),
    ),
  )
})
