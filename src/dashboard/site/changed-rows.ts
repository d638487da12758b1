/*
 * Rows of queues and the events that change them.
 */

import type { LiveQueuesJson, QueueRowJson } from '../../http/shapes/figures-shapes.ts'

export type Rows = ReadonlyMap<string, QueueRowJson>

export const keyOf = ({ vhost, name }: { readonly vhost: string; readonly name: string }): string =>
  `${vhost}\u001f${name}`

/** Rows that did not change stay the same objects. */
export function changed(before: Rows, event: LiveQueuesJson): Rows {
  const after = new Map(event.all ? [] : before)
  for (const row of event.queues) after.set(keyOf(row), row)
  for (const row of event.gone) after.delete(keyOf(row))
  return after
}
