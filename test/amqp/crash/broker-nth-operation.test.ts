/*
 * Every disk operation of a dozen small workloads of AMQP clients goes wrong, one a run, in each way a
 * disk can. Then the power is cut, the disk that is found and another that may be are recovered, and the
 * checker judges the history.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DiskFault } from '../../../src/testing/disk-fault.ts'
import { PowerGone } from '../../crash/bench.ts'
import { loadBroker } from '../simulation/broker-system.ts'
import { BrokerBench } from './broker-bench.ts'
import { type BrokerWorkload, brokerWorkloads } from './broker-workloads.ts'

const faults: Readonly<Record<string, DiskFault>> = {
  'fails with EIO': { kind: 'fail', code: 'EIO' },
  'fails with ENOSPC': { kind: 'fail', code: 'ENOSPC' },
  'is cut by the power': { kind: 'cut' },
  'is lost, power gone before it': { kind: 'lose', when: 'before' },
  'is done, power gone after it': { kind: 'lose', when: 'after' },
}

/** The power goes while it is under way: the disk may look in many ways afterwards. */
const diceOf = ({ kind }: DiskFault): number => (kind === 'cut' ? 3 : 1)

const system = await loadBroker()

async function prepared(workload: BrokerWorkload, seed: number): Promise<BrokerBench> {
  const bench = new BrokerBench(system, seed, workload.queues)
  await bench.open()
  await workload.prepare?.(bench)
  return bench
}

async function act(bench: BrokerBench, workload: BrokerWorkload): Promise<void> {
  try {
    await workload.act(bench)
  } catch (error) {
    if (!(error instanceof PowerGone)) throw error
  }
}

/** Operations that the workload makes when nothing goes wrong. */
async function operationsOf(workload: BrokerWorkload): Promise<number> {
  const bench = await prepared(workload, 1)
  const before = bench.world.operations
  await act(bench, workload)
  return bench.world.operations - before
}

for (const workload of brokerWorkloads) {
  test(`${workload.name}: whichever disk operation goes wrong, clients keep what they were promised`, {
    timeout: 120_000,
  }, async () => {
    const operations = await operationsOf(workload)
    assert.ok(operations > 1, `only ${operations} operations`)
    for (const [how, fault] of Object.entries(faults)) {
      for (let number = 1; number <= operations; number++) {
        for (let dice = 1; dice <= diceOf(fault); dice++) {
          const bench = await prepared(workload, number * 10 + dice)
          bench.world.strikeIn(number, fault)
          await act(bench, workload)
          const { broken, text } = await bench.judge()
          assert.equal(broken, 0, `operation ${number} of ${operations} ${how}\n${text}`)
        }
      }
    }
  })
}
