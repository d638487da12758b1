/*
 * What one seed decides before the run starts: the machine, the queues, how often things go wrong.
 * Small segments and checkpoints, so that rotation, compaction and checkpoints happen in every run.
 */

import type { QueueSettings } from '../../src/engine.ts'
import type { RandomSource } from '../../src/testing/random.ts'

export interface RunPlan {
  readonly steps: number
  readonly queues: readonly { readonly name: string; readonly settings: QueueSettings }[]
  readonly callbacks: readonly string[]
  readonly segmentBytes: number
  readonly checkpointBytes: number
  readonly tailBytes: number
  readonly reserveBytes: number
  /** The disk fills up now and then. */
  readonly fillsUp: boolean
  /** Longest latency of one disk operation. */
  readonly latencyMs: number
  /** Chances, per step. */
  readonly powerCut: number
  readonly kill: number
  readonly close: number
  /** Chance that an opening is cut short. */
  readonly cutWhileOpening: number
  /** Chance, per life, that one disk operation fails with EIO. */
  readonly diskFailure: number
  /** Not writes and syncs alone, but any operation may be the one that fails. */
  readonly failAnything: boolean
  /** Chance, per life, that the power goes at some disk operation. */
  readonly strike: number
  /** Chance that the wall clock is set while the machine is down. */
  readonly jumpWhileDown: number
  readonly bodyBytesMax: number
}

export function planRun(random: RandomSource): RunPlan {
  const segmentBytes = random.pick([2_048, 4_096, 8_192, 32_768])
  return {
    steps: random.between(30, 110),
    queues: ['work', 'mail', 'slow'].slice(0, random.between(1, 3)).map((name) => ({
      name,
      settings: queueSettings(random),
    })),
    callbacks: ['home', 'far'].slice(0, random.between(1, 2)),
    segmentBytes,
    checkpointBytes: segmentBytes * random.between(1, 6),
    tailBytes: random.pick([0, 4_096, 1_048_576]),
    reserveBytes: 8_192,
    fillsUp: random.chance(0.25),
    latencyMs: random.pick([0.2, 1, 1, 5]),
    powerCut: 0.012,
    kill: 0.006,
    close: 0.004,
    cutWhileOpening: 0.3,
    diskFailure: random.chance(0.15) ? 0.5 : 0,
    failAnything: false,
    strike: 0.4,
    jumpWhileDown: 0.1,
    bodyBytesMax: random.pick([40, 200, 1_500]),
  }
}

export function queueSettings(random: RandomSource): QueueSettings {
  const settings: { -readonly [K in keyof QueueSettings]: QueueSettings[K] } = {}
  if (random.chance(0.25)) {
    settings.depthMax = random.between(2, 15)
    settings.overflow = random.pick(['reject', 'drop-head'])
  }
  if (random.chance(0.15)) settings.messageTtlMs = random.between(200, 4_000)
  if (random.chance(0.1)) settings.rate = { count: random.between(1, 5), perMs: 500 }
  if (random.chance(0.1)) settings.concurrencyMax = random.between(1, 4)
  if (random.chance(0.1)) settings.perKey = { concurrencyMax: random.between(1, 2) }
  return settings
}
