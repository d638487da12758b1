/*
 * Which order rows stand in, and which one a key leads to.
 */

export interface Sorting {
  /** Of the column. */
  readonly key: string
  readonly isFalling?: boolean
}

interface SortableColumn<Row> {
  readonly key: string
  readonly by?: (row: Row) => string | number
}

/** Names with numbers in them stand as people count: `q2` before `q10`. */
const collator = new Intl.Collator('en', { numeric: true })

export function sorted<Row>(
  rows: readonly Row[],
  columns: readonly SortableColumn<Row>[],
  sorting: Sorting | undefined,
): readonly Row[] {
  const by = columns.find(({ key }) => key === sorting?.key)?.by
  if (by === undefined) return rows
  const sign = sorting?.isFalling === true ? -1 : 1
  const keyed = rows.map((row) => [by(row), row] as const)
  return keyed.sort(([a], [b]) => sign * compared(a, b)).map(([, row]) => row)
}

const compared = (a: string | number, b: string | number): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b))

const pageRows = 10

/** Undefined for a key that moves nothing. */
export function movedTo(key: string, at: number, count: number): number | undefined {
  const keys = new Map([
    ['ArrowDown', at + 1],
    ['ArrowUp', at - 1],
    ['PageDown', at + pageRows],
    ['PageUp', at - pageRows],
    ['Home', 0],
    ['End', count - 1],
  ])
  const wanted = keys.get(key)
  return wanted === undefined ? undefined : Math.min(Math.max(wanted, 0), count - 1)
}
