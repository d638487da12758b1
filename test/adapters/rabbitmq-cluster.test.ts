/*
 * A RabbitMQ cluster of three nodes, of which one is stopped and one is killed under load. Longer:
 * scripts/rabbitmq-cluster.ts.
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type RabbitmqCluster, startRabbitmqCluster } from '../amqp/rabbitmq-cluster.ts'
import { lackingRabbitmq } from '../amqp/rabbitmq-node.ts'
import { orderRuns } from '../documents/order-runs.ts'
import { clusterCampaign } from './cluster-campaign.ts'

/** Starting and stopping nodes takes seconds on an idle machine, and several times as long on a busy one. */
const timeout = 120_000

describe('over a RabbitMQ cluster', { skip: lackingRabbitmq() }, () => {
  let cluster: RabbitmqCluster
  const folder = mkdtempSync(join(tmpdir(), 'homing-cluster-'))
  before(
    async () => {
      cluster = await startRabbitmqCluster()
    },
    { timeout },
  )
  after(async () => {
    await cluster[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  test('the order example, three times at once, brings each its orders home', {
    timeout,
  }, async () => {
    const where = cluster.urls.join(',').replaceAll(/,amqp:\/\/[^@]*@/g, ',')
    await orderRuns(3, { where, ledger: 'ledger.sqlite' })
  })

  test('one node is stopped, another is killed: nothing is lost, nothing has a second outcome, everybody is told', {
    timeout,
  }, async (context) => {
    const ledger = join(folder, 'ledger.sqlite')
    const options = { ledger, everyMs: 20, rounds: 1, seed: 1, phaseMs: 1_500 }
    const result = await clusterCampaign(cluster, options)
    context.diagnostic(`${result.sent} messages, ${result.connectionsLost} connections lost`)
    assert.deepEqual(result.violations, [])
    assert.ok(result.sent > 50, `${result.sent} messages were sent`)
  })
})
