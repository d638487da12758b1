/*
 * Queues, exchanges and bindings: what is declared, its `topology` records, and routing.
 * A record is the JSON of one change; a checkpoint holds the whole.
 */

import type { QueueSettings } from '../engine.ts'

export type TopologyRecord =
  | {
      readonly op: 'queue'
      readonly number: number
      readonly name: string
      readonly settings: QueueSettings
    }
  | { readonly op: 'routing'; readonly routing: unknown }

/** Settings that differ, so that declaring again writes nothing when nothing has changed. */
export const sameSettings = (a: QueueSettings, b: QueueSettings): boolean =>
  JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

function sorted(value: object): unknown {
  return Object.entries(value)
    .filter(([, setting]) => setting !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, setting]) => [
      name,
      typeof setting === 'object' && setting !== null ? sorted(setting) : setting,
    ])
}
