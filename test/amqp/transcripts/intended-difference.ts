/*
 * A difference from RabbitMQ that is meant, and what of the transcripts it is about.
 *
 * It names its scenarios, and for each of them what Homing says where the two part, so that nothing
 * else can hide behind it: a scenario that differs in another way, or no longer, fails the test.
 */

import type { Difference } from './compare.ts'

export interface IntendedDifference {
  /** A heading of docs/rabbitmq-differences.md. */
  readonly title: string
  /** Why, in the words of that document. */
  readonly reason: string
  /** By name of the scenario: {@link partingLines}. */
  readonly scenarios: Readonly<Record<string, readonly string[]>>
}

/** What we say from where the transcripts part, each line with its stream. */
export function partingLines(differences: readonly Difference[]): readonly string[] {
  return differences.flatMap(({ stream, ours }) =>
    ours.length === 0
      ? [`${stream}: nothing more`]
      : ours.map(({ compared }) => `${stream}: ${compared}`),
  )
}
