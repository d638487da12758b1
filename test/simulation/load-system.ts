/*
 * The system under test, loaded from a folder of sources: the repository's own, or a copy with a bug
 * planted in it.
 */

import { pathToFileURL } from 'node:url'
import { SimulatedLedger } from '../../src/testing/simulated-ledger.ts'
import type { System } from './system.ts'

export const ownSources: string = new URL('../../src/', import.meta.url).pathname

export async function loadSystem(sources: string = ownSources): Promise<System> {
  const { openBroker } = (await import(
    pathToFileURL(`${sources}/embedded/broker.ts`).href
  )) as typeof import('../../src/embedded/broker.ts')
  return {
    newLedger: (clock, random) => new SimulatedLedger(random, { clock }),
    open: ({ onProblem = () => {}, ...devices }, plan, random16) =>
      openBroker(
        { ...devices, random16 },
        {
          sync: 'always',
          retention: { retainMs: Number.POSITIVE_INFINITY, retainCount: 1_000_000 },
          onProblem,
          onFailed: () => {},
          segmentBytes: plan.segmentBytes,
          checkpointBytes: plan.checkpointBytes,
          indexBytesMax: 1_048_576,
          tailBytesMax: plan.tailBytes,
          reserveBytes: plan.reserveBytes,
        },
      ),
  }
}
