import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'

/** Where a page ended: by an order of its own, and by position where that is the same. */
export interface PagePlace {
  readonly order: number
  readonly position: number
  /** Where several queues are listed: their numbers. */
  readonly queue?: number
}

const limitDefault = 100

/** Rows of a page. Fails with `bad-argument`. */
export function pageLimit(limit: number = limitDefault): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= limits.inspectionPageMax) return limit
  throw new HomingError(
    'bad-argument',
    `limit is ${String(limit)}; give a whole number from 1 to ${limits.inspectionPageMax}`,
  )
}

export const cursorText = ({ order, position, queue = 0 }: PagePlace): string =>
  `${order}_${position}_${queue}`

/** The place that a cursor names; undefined for none. Fails with `bad-argument`. */
export function placeIn(cursor: string | undefined): PagePlace | undefined {
  if (cursor === undefined) return undefined
  const [order = Number.NaN, position = Number.NaN, queue = 0] = cursor.split('_').map(Number)
  if (Number.isNaN(order + position + queue)) {
    throw new HomingError(
      'bad-argument',
      `after is '${cursor.slice(0, 80)}', which is no cursor; give the one of the page before`,
    )
  }
  return { order, position, queue }
}
