/*
 * Homing in two processes on one data directory: one owns it, the other joins it over the socket.
 */

import type { Bench } from '../bench.ts'
import type { LoadResult } from '../client/closed-loop.ts'
import { runProgram, startProgram } from '../load-program.ts'
import { homingDurability } from './homing.ts'
import type { Candidate, Setting } from './system.ts'

export const joinedNames = {
  both: 'Homing, joined',
  producer: 'Homing, joined producer',
} as const

/** Producer and consumer in the process that joined; the owner does nothing but serve it. */
export const joinedBoth = (bench: Bench, inFlight: number, scenario: string): Candidate =>
  candidate(bench, { name: joinedNames.both, inFlight, scenario }, (concurrency) => ({
    text: `concurrency ${concurrency}, producer and consumer in a process that joined`,
    owner: 0,
    joiner: concurrency,
  }))

/** A web application and its worker: the worker owns the directory. */
export const joinedProducer = (bench: Bench, inFlight: number, scenario: string): Candidate =>
  candidate(bench, { name: joinedNames.producer, inFlight, scenario }, (concurrency) => ({
    text: `concurrency ${concurrency}, consumer in the owner, producer in a process that joined`,
    owner: concurrency,
    joiner: 0,
  }))

interface Parts {
  readonly text: string
  /** Handlers at once in each of the two. */
  readonly owner: number
  readonly joiner: number
}

function candidate(
  bench: Bench,
  {
    name,
    inFlight,
    scenario,
  }: { readonly name: string; readonly inFlight: number; readonly scenario: string },
  partsOf: (concurrency: number) => Parts,
): Candidate {
  const setting = (concurrency: number): Setting => {
    const { text, owner, joiner } = partsOf(concurrency)
    return {
      text,
      run: (load) =>
        bench.inFreshDirectory('joined', async (directory) => {
          const execArgv = bench.homingExecArgv(scenario)
          const owning = startProgram('homing-owner', { execArgv })
          try {
            await owning.ask({ directory, concurrency: owner })
            const { pid = 0 } = owning.child
            const settings = { directory, load, concurrency: joiner, owner: pid }
            const found = await runProgram<LoadResult>('joined-round-trips', settings, { execArgv })
            if (owning.child.exitCode === null) return found
            throw new Error('the owner ended before the one that joined it')
          } finally {
            await owning.kill('SIGTERM')
          }
        }),
    }
  }
  const settings = inFlight === 1 ? [setting(1)] : [setting(100), setting(1_000)]
  return { name, durability: homingDurability, settings }
}
