/*
 * One load for every broker in turns, and Homing's ratio to RabbitMQ, round by round.
 */

import type { Bench } from '../bench.ts'
import type { Load, LoadResult } from '../client/closed-loop.ts'
import { alternate } from '../scenario/alternate.ts'
import { type SystemFindings, type Target, target } from '../scenario/scenario.ts'
import { pairedRatio } from '../statistics.ts'
import { type Candidate, type Setting, withBestSetting } from '../system/system.ts'
import { type Broker, brokerNames } from './brokers.ts'

/** One way of putting the load on a broker; when there are several, the quickest is kept. */
export interface Way {
  readonly text: string
  run(broker: Broker, load: Load): Promise<LoadResult>
}

export interface Comparison {
  readonly ways: readonly Way[]
  readonly inFlight: number
  /** Behind the broker's name, where a scenario has several loads. */
  readonly variant?: string
  /** Which broker is left out of this load. */
  readonly without?: string
}

export async function compareBrokers(
  bench: Bench,
  brokers: readonly Broker[],
  comparison: Comparison,
): Promise<readonly SystemFindings[]> {
  const { inFlight, without } = comparison
  const taking = brokers.filter((broker) => broker.name !== without)
  const trying = { ...loadOf(bench, inFlight), measureMs: 700 }
  const systems = []
  for (const broker of taking)
    systems.push(await withBestSetting(candidateOf(broker, comparison), trying, bench.say))
  return await alternate(bench, systems, loadOf(bench, inFlight))
}

/** Shorter than the loads of the embedded engine: there are many scenarios, and rates settle quickly. */
function loadOf(bench: Bench, inFlight: number): Load {
  const measureMs = bench.options.seconds * 300
  return { inFlight, warmUpMs: Math.min(800, measureMs), measureMs }
}

function candidateOf(broker: Broker, { ways, variant }: Comparison): Candidate {
  const setting = (way: Way): Setting => ({
    text: way.text,
    run: (load) => way.run(broker, load),
  })
  return {
    name: systemName(broker.name, variant),
    durability: broker.durability,
    settings: ways.map(setting),
  }
}

const systemName = (broker: string, variant: string | undefined): string =>
  variant === undefined ? broker : `${broker}, ${variant}`

export interface Ratio {
  readonly label: string
  readonly variant?: string
  readonly bound: { readonly atLeast: number } | { readonly atMost: number }
  readonly of: (round: LoadResult) => number
}

/** Nothing when RabbitMQ was not there. */
export function ratioToRabbit(systems: readonly SystemFindings[], ratio: Ratio): readonly Target[] {
  const values = (broker: string): number[] =>
    systems
      .find((system) => system.name === systemName(broker, ratio.variant))
      ?.rounds.map(ratio.of) ?? []
  const [ours, theirs] = [values(brokerNames.homing), values(brokerNames.rabbitmq)]
  if (theirs.length === 0) return []
  const label = `${ratio.label}, Homing to RabbitMQ`
  return [target(label, ratio.bound, '×', pairedRatio(ours, theirs))]
}
