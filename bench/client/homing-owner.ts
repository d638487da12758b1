/*
 * The owner of the data directory that joined-round-trips.ts joins: it serves, and works when it is told to.
 */

import { homing, queue } from '../../src/index.ts'
import { type Order, totalOf } from './order.ts'

export interface HomingOwnerSettings {
  readonly directory: string
  /** Handlers at once; 0 when the consumer is elsewhere. */
  readonly concurrency: number
}

// One that owns and has nothing else to do may end; then whoever joins would become the owner.
setInterval(() => undefined, 60_000)

process.once('message', async ({ directory, concurrency }: HomingOwnerSettings) => {
  const home = await homing(directory)
  if (concurrency > 0) {
    home.consume(queue('orders'), async ({ input }) => totalOf(input as Order), {
      concurrency,
      prefetch: 2 * concurrency,
    })
  }
  process.send?.('ready')
})
