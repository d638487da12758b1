/*
 * Homing as its users run it: one process, `homing(directory)`, the default `sync: 'always'`, a
 * fresh directory for every run.
 */

import type { Bench } from '../bench.ts'
import type { LoadResult } from '../client/closed-loop.ts'
import { runProgram } from '../load-program.ts'
import type { Candidate, Setting } from './system.ts'

export const homingName = 'Homing'
export const homingDurability =
  "sync 'always': written and fdatasynced in groups before the confirm, and again before the outcome is shown"

export function homingRoundTrips(bench: Bench, inFlight: number, scenario: string): Candidate {
  const setting = (concurrency: number): Setting => ({
    text: `concurrency ${concurrency}, producer and consumer in one process`,
    run: (load) =>
      bench.inFreshDirectory('homing', (directory) =>
        runProgram<LoadResult>(
          'homing-round-trips',
          { directory, load, concurrency },
          { execArgv: bench.homingExecArgv(scenario) },
        ),
      ),
  })
  return {
    name: homingName,
    durability: homingDurability,
    settings: inFlight === 1 ? [setting(1)] : [setting(100), setting(1_000)],
  }
}

export function homingSends(bench: Bench, bodyBytes: number, scenario: string): Candidate {
  return {
    name: homingName,
    durability: homingDurability,
    settings: [
      {
        text: `binary body of ${bodyBytes} bytes, no consumer`,
        run: (load) =>
          bench.inFreshDirectory('homing', (directory) =>
            runProgram<LoadResult>(
              'homing-sends',
              { directory, load, bodyBytes },
              { execArgv: bench.homingExecArgv(scenario) },
            ),
          ),
      },
    ],
  }
}
