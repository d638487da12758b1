/*
 * A system that is measured: Homing, or a peer with its server. Each comes with several reasonable
 * settings; before the rounds begin every setting is tried and the quickest kept, for Homing and
 * for the peers alike, so that no one is measured with settings that do not suit the machine.
 */

import type { Load, LoadResult } from '../client/closed-loop.ts'
import { median } from '../statistics.ts'

export interface System {
  readonly name: string
  /** What has happened to a message when its sender is told that it is safe. */
  readonly durability: string
  /** The setting that is used. */
  readonly settings: string
  run(load: Load): Promise<LoadResult>
}

export interface Setting {
  readonly text: string
  run(load: Load): Promise<LoadResult>
}

export interface Candidate {
  readonly name: string
  readonly durability: string
  readonly settings: readonly Setting[]
}

/** Tries each setting twice, there and back, and keeps the one with the most trips a second. */
export async function withBestSetting(
  candidate: Candidate,
  load: Load,
  say: (line: string) => void,
): Promise<System> {
  const [only, ...others] = candidate.settings
  if (only === undefined) throw new Error(`${candidate.name} has no settings`)
  if (others.length === 0) return systemOf(candidate, only)
  const tries = new Map<Setting, number[]>()
  for (const setting of [...candidate.settings, ...candidate.settings.toReversed()]) {
    const { perSecond } = await setting.run(load)
    tries.set(setting, [...(tries.get(setting) ?? []), perSecond])
  }
  let best = only
  for (const [setting, rates] of tries) {
    say(`  tried ${candidate.name} with ${setting.text}: ${Math.round(median(rates))}/s`)
    if (median(rates) > median(tries.get(best) ?? [])) best = setting
  }
  return systemOf(candidate, best)
}

const systemOf = (candidate: Candidate, setting: Setting): System => ({
  name: candidate.name,
  durability: candidate.durability,
  settings: setting.text,
  run: setting.run,
})
