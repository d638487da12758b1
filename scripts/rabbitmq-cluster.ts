/*
 * A RabbitMQ cluster of three private nodes whose nodes are stopped and killed under load, for as long as
 * you like.
 *
 *   node scripts/rabbitmq-cluster.ts --rounds 10 --seed 1 --every 5        exit code 1 if anything broke
 *
 * A round stops one node and kills another, one after the other. Needs rabbitmq-server.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { percentile } from '../bench/statistics.ts'
import { clusterCampaign } from '../test/adapters/cluster-campaign.ts'
import type { LoadResult } from '../test/adapters/cluster-load.ts'
import { startRabbitmqCluster } from '../test/amqp/rabbitmq-cluster.ts'
import type { RabbitmqNode } from '../test/amqp/rabbitmq-node.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    /** Milliseconds between two sends. */
    every: { type: 'string', default: '10' },
    /** Milliseconds that a node is away. */
    phase: { type: 'string', default: '5000' },
    /** Default: a SQLite file; or postgres://… */
    ledger: { type: 'string' },
  },
})

const folder = mkdtempSync(join(tmpdir(), 'homing-cluster-'))
try {
  await using cluster = await startRabbitmqCluster()
  const result = await clusterCampaign(cluster, {
    ledger: values.ledger ?? join(folder, 'ledger.sqlite'),
    everyMs: Number(values.every),
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    phaseMs: Number(values.phase),
    onFault: (text) => console.log(text),
  })
  report(result)
  if (result.violations.length > 0) {
    for (const node of cluster.nodes) console.log(await queuesOf(node))
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Who leads each queue, and who is there; one that is away has nothing to say. */
function queuesOf(node: RabbitmqNode): Promise<string> {
  const columns = ['name', 'type', 'leader', 'online', 'members', 'messages', 'state']
  return node.ctl('list_queues', ...columns).catch((error: unknown) => String(error))
}

function report(result: LoadResult): void {
  const { violations, sent, attempts, workedInVain, called, connectionsLost } = result
  const times = Float64Array.from(result.roundTripsMs)
  const ms = (value: number): string => `${Math.round(value)} ms`
  console.log(
    [
      `${sent} messages, ${attempts} attempts (${workedInVain} of them in vain), ${called} callbacks run, ${connectionsLost} connections lost`,
      `round trips: ${ms(percentile(times, 0.5))} median, ${ms(percentile(times, 0.99))} p99, ${ms(percentile(times, 1))} longest; longest time without a confirm ${ms(result.longestGapMs)}`,
      `${violations.length} violations`,
      ...violations.slice(0, 50),
    ].join('\n'),
  )
}
