/*
 * The system under test, as the simulation needs it: so that the same run can be made against a copy
 * of the sources with a bug planted in it.
 */

import type { Clock } from '../../src/clock.ts'
import type { Disk } from '../../src/embedded/journal/disk.ts'
import type { Ledger } from '../../src/embedded/ledger/ledger.ts'
import type { Engine } from '../../src/engine.ts'
import type { RandomSource } from '../../src/testing/random.ts'
import type { RunPlan } from './run-plan.ts'

export interface Devices {
  readonly disk: Disk
  readonly clock: Clock
  readonly ledger: Ledger
  /** What no caller can be told: damage that was found. */
  readonly onProblem?: (text: string) => void
}

export interface LedgerDatabase {
  open(clock?: Clock): Ledger
  /** The database that the next start finds. */
  afterCrash(random: RandomSource, how: 'power' | 'kill'): LedgerDatabase
}

export interface System {
  open(devices: Devices, plan: RunPlan, random16: () => number): Promise<Engine>
  newLedger(clock: Clock, random: RandomSource): LedgerDatabase
}
