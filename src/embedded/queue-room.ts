import { HomingError } from '../errors.ts'
import type { LiveQueue } from './live-queue.ts'

/** How many messages the queue may still take: its limit, and what consumers take at once. */
export function roomFor({ queue, subscribers }: LiveQueue): number {
  const { depthMax } = queue.settings
  if (depthMax === undefined) return Number.POSITIVE_INFINITY
  const waiting = queue.waiting + queue.delayed
  // A paused queue gives nothing to its consumers.
  const credit = queue.settings.paused ? 0 : subscribers.reduce((sum, one) => sum + one.credit, 0)
  return depthMax === 0 ? 0 : depthMax - waiting + (queue.waiting === 0 ? credit : 0)
}

/** Fails with `queue-full` when there is no room for so many. */
export function checkRoom(live: LiveQueue, count: number): void {
  if (roomFor(live) >= count) return
  const { queue } = live
  throw new HomingError(
    'queue-full',
    `queue "${queue.name}" holds ${queue.waiting + queue.delayed} of ${queue.settings.depthMax} messages; wait for consumers or raise depthMax`,
  )
}
