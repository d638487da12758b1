import { HomingError } from '../../errors.ts'

/** What both kinds of list have in common. */
interface Page {
  readonly limit?: number
  readonly after?: string
}

const limitDefault = 100

/**
 * How many rows a page may hold: a whole number from 0, or Infinity; 100 when not given.
 * Fails with `bad-argument`.
 */
export function pageLimit(page: Page, fallback = limitDefault): number {
  const limit = page.limit ?? fallback
  if (limit === Number.POSITIVE_INFINITY || (Number.isInteger(limit) && limit >= 0)) return limit
  throw new HomingError(
    'bad-argument',
    `limit is ${String(limit)}; give a whole number of rows from 0 upwards`,
  )
}

/** A bound in time; Infinity means none. Fails with `bad-argument` when it is not a number. */
export function timeBound(ms: number | undefined, name: string, fallback: number): number {
  if (ms === undefined) return fallback
  if (typeof ms === 'number' && !Number.isNaN(ms)) return ms
  throw new HomingError('bad-argument', `${name} is ${String(ms)}; give milliseconds since 1970`)
}

export function unknownCursor(after: string): HomingError {
  return new HomingError(
    'bad-argument',
    `after is '${after.slice(0, 80)}', which the ledger has never held; give the last id of the page before`,
    { id: after },
  )
}
