/*
 * Every disk operation of a dozen small workloads goes wrong, one a run, in each way a disk can: it
 * fails, finds no room, is cut short, or the power goes before, during or after it. Then the power is
 * cut, two of the disks that may be found are recovered, and the checker judges the history.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DiskFault } from '../../src/testing/disk-fault.ts'
import { loadSystem } from '../simulation/load-system.ts'
import { Bench, PowerGone } from './bench.ts'
import { type Workload, workloads } from './workloads.ts'

const faults: Readonly<Record<string, DiskFault>> = {
  'fails with EIO': { kind: 'fail', code: 'EIO' },
  'fails with ENOSPC': { kind: 'fail', code: 'ENOSPC' },
  'is shortened': { kind: 'shorten' },
  'is cut by the power': { kind: 'cut' },
  'is lost, power gone before it': { kind: 'lose', when: 'before' },
  'is done, power gone after it': { kind: 'lose', when: 'after' },
}

/** The power goes while something is under way: the disk may look in many ways afterwards. */
const leavesChoice = ({ kind }: DiskFault): boolean => kind === 'cut' || kind === 'lose'

const system = await loadSystem()

async function act(bench: Bench, workload: Workload): Promise<void> {
  try {
    await workload.act(bench)
  } catch (error) {
    if (!(error instanceof PowerGone)) throw error
  }
}

/** Operations that the workload makes when nothing goes wrong. */
async function operationsOf(workload: Workload): Promise<number> {
  const bench = new Bench(system, 1, workload.plan)
  await workload.prepare?.(bench)
  const before = bench.world.operations
  await act(bench, workload)
  return bench.world.operations - before
}

for (const workload of workloads) {
  test(`${workload.name}: whichever disk operation goes wrong, nothing confirmed is lost`, {
    timeout: 120_000,
  }, async () => {
    const operations = await operationsOf(workload)
    assert.ok(operations > 3, `only ${operations} operations`)
    for (const [how, fault] of Object.entries(faults)) {
      for (let number = 1; number <= operations; number++) {
        for (let dice = 1; dice <= (leavesChoice(fault) ? 3 : 1); dice++) {
          const bench = new Bench(system, number * 10 + dice, workload.plan)
          await workload.prepare?.(bench)
          bench.world.strikeIn(number, fault)
          await act(bench, workload)
          const { violations, text } = await bench.judge()
          assert.equal(violations.length, 0, `operation ${number} of ${operations} ${how}\n${text}`)
        }
      }
    }
  })
}
