import type { EmbeddedOptions } from '../../src/embedded/engine-options.ts'
import type { Probe } from '../simulation/history.ts'
import type { ObservedEngine } from '../simulation/observed-engine.ts'
import type { RunPlan } from '../simulation/run-plan.ts'
import { quietPlan } from './bench.ts'

/** Small files, so that a run of seconds has new segments, checkpoints and compaction. */
export const killOptions: EmbeddedOptions = {
  segmentBytes: 32_768,
  checkpointBytes: 65_536,
  reserveBytes: 65_536,
  onProblem: () => {},
}

export const killPlan: RunPlan = { ...quietPlan, callbacks: ['home'], bodyBytesMax: 400 }

/** What is known, once two askings in a row agree: what is being written is neither here nor there. */
export async function atRest(observed: ObservedEngine): Promise<Probe | undefined> {
  let before: string | undefined
  for (let n = 0; n < 50; n++) {
    const probe = await observed.probe()
    const text = probe && JSON.stringify([[...probe.answers], probe.queues])
    if (text !== undefined && text === before) return probe
    before = text
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return undefined
}
