/*
 * Reading a record that an index names, while the janitor may move it.
 *
 *   places of the hash ─▶ read from disk (time passes) ─▶ the record, or: it has moved, ask the index anew
 *
 * Rule: a record that cannot be read is an error only if the index still says that it lies there; a
 * segment is removed when everything alive in it has moved on.
 */

import type { Place } from './id-index.ts'
import type { Journal } from './journal/journal.ts'

/** Undefined when the record has moved or gone meanwhile. */
export async function readPlace(
  journal: Journal,
  place: Place,
  places: () => readonly Place[],
): Promise<Buffer | undefined> {
  try {
    return await journal.load(place.segment, place.from)
  } catch (error) {
    const { segment, from } = place
    if (places().some((one) => one.segment === segment && one.from === from)) throw error
    return undefined
  }
}
