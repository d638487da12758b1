/*
 * Rounds of faults on a RabbitMQ cluster under load: in each one node is stopped and another is killed,
 * one at a time, so that most of the cluster always lives.
 *
 *   load ── stop one ── down ── start ── whole ── kill another ── down ── start ── whole ── load …
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { type RandomSource, randomSource } from '../../src/testing/random.ts'
import type { RabbitmqCluster } from '../amqp/rabbitmq-cluster.ts'
import { ClusterLoad, type LoadOptions, type LoadResult } from './cluster-load.ts'

export interface CampaignOptions extends Pick<LoadOptions, 'ledger' | 'everyMs'> {
  readonly rounds: number
  readonly seed: number
  /** Milliseconds that a node is away, and that all are there between two faults. */
  readonly phaseMs: number
  readonly onFault?: (text: string) => void
}

export async function clusterCampaign(
  cluster: RabbitmqCluster,
  options: CampaignOptions,
): Promise<LoadResult> {
  const { ledger, everyMs, rounds, seed, phaseMs, onFault } = options
  const random = randomSource(seed)
  const load = await ClusterLoad.start({ urls: cluster.urls, ledger, everyMs })
  for (let round = 0; round < rounds; round++) {
    const [stopped, killed] = twoOf(cluster.nodes.length, random)
    for (const [node, signal] of [
      [stopped, 'SIGTERM'],
      [killed, 'SIGKILL'],
    ] as const) {
      await sleep(phaseMs)
      onFault?.(`${signal} to node ${node} after ${load.size} sends`)
      await cluster.nodes[node]?.stop(signal)
      await sleep(phaseMs)
      const isLast = round === rounds - 1 && signal === 'SIGKILL'
      // In the end everything comes home while one is away.
      if (!isLast) {
        await cluster.nodes[node]?.start()
        await cluster.whole()
      }
    }
  }
  return load.finish()
}

function twoOf(count: number, random: RandomSource): readonly [number, number] {
  const first = random.below(count)
  return [first, (first + random.between(1, count - 1)) % count]
}
