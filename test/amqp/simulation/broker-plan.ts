/*
 * What one seed decides before the run starts: the machine, and what is declared on it.
 */

import type { RandomSource } from '../../../src/testing/random.ts'
import { planRun, type RunPlan } from '../../simulation/run-plan.ts'
import { drawQueues, plainQueue, type QueuePlan } from './topology.ts'

export interface BrokerPlan {
  readonly machine: RunPlan
  readonly queues: readonly QueuePlan[]
  /** Requests, replies and notifications are part of it. */
  readonly asks: boolean
}

/** Where requests are worked on, and where their replies and notifications go. */
export const asksQueue: QueuePlan = { ...plainQueue, name: 'asks' }
export const repliesQueue: QueuePlan = { ...plainQueue, name: 'replies' }

export function planBroker(random: RandomSource): BrokerPlan {
  const machine = { ...planRun(random), queues: [], callbacks: [] }
  const asks = random.chance(0.4)
  const drawn = drawQueues(random)
  const asksOnes = [{ ...asksQueue, deletes: random.chance(0.3) }, repliesQueue]
  return { machine, asks, queues: asks ? [...drawn, ...asksOnes] : drawn }
}
