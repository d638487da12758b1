/*
 * Rows in columns, fitted to the terminal.
 *
 *   too narrow ─▶ flexible columns give up width, the widest first
 *              ─▶ columns that can be missed are left out, the one of the highest `missable` first
 *              ─▶ columns that are kept whole as long as possible (ids, to be copied) give up width
 *
 * What is cut shows as `…`. Where results go to a file or pipe nothing is cut and nothing left out.
 */

import { cutToWidth, onOneLine, textWidth } from './text-width.ts'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** May be cut to this many columns when there is no room. */
  readonly widthMin?: number
  /** Cut only when nothing else is left to give up. */
  readonly whole?: boolean
  /** May be left out; the higher the sooner. */
  readonly missable?: number
  /** Colours a cell; called with the text as it is shown. */
  readonly style?: (text: string) => string
}

interface Fitted {
  readonly column: Column
  /** Where the column stands in a row. */
  readonly at: number
  width: number
}

const gap = '  '

/** The lines of a table, the titles first. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  styleTitle: (text: string) => string = (text) => text,
): readonly string[] {
  const cells = rows.map((row) => row.map(onOneLine))
  const fitted = fit(columns, cells, width)
  const titles = columns.map(({ title }) => title)
  return [
    rowLine(fitted, titles, () => styleTitle),
    ...cells.map((row) => rowLine(fitted, row, ({ style }) => style)),
  ]
}

function rowLine(
  fitted: readonly Fitted[],
  row: readonly string[],
  styleOf: (column: Column) => Column['style'],
): string {
  const shown = fitted.map(({ column, at, width }, n) => {
    const text = cutToWidth(row[at] ?? '', width)
    const padding = ' '.repeat(width - textWidth(text))
    const styled = styleOf(column)?.(text) ?? text
    if (column.align === 'right') return padding + styled
    return n === fitted.length - 1 ? styled : styled + padding
  })
  return shown.join(gap).trimEnd()
}

function fit(
  columns: readonly Column[],
  cells: readonly (readonly string[])[],
  width: number,
  missed: readonly Column[] = [],
): readonly Fitted[] {
  const fitted = columns
    .map((column, at) => ({ column, at, width: widthOf(column, at, cells) }))
    .filter(({ column }) => !missed.includes(column))
  shrink(fitted, width, false)
  const miss = excess(fitted, width) > 0 ? mostMissable(fitted) : undefined
  if (miss) return fit(columns, cells, width, [...missed, miss.column])
  shrink(fitted, width, true)
  return fitted
}

/** As wide as what stands in it. */
const widthOf = (column: Column, at: number, cells: readonly (readonly string[])[]): number =>
  cells.reduce((most, row) => Math.max(most, textWidth(row[at] ?? '')), textWidth(column.title))

function shrink(fitted: readonly Fitted[], width: number, wholeToo: boolean): void {
  for (let left = excess(fitted, width); left > 0; left--) {
    const flexible = fitted.filter(
      ({ column, width: now }) =>
        now > (column.widthMin ?? Number.POSITIVE_INFINITY) && (wholeToo || !column.whole),
    )
    const [widest] = flexible.sort((a, b) => b.width - a.width)
    if (widest === undefined) return
    widest.width--
  }
}

const excess = (fitted: readonly Fitted[], width: number): number =>
  fitted.reduce((sum, one) => sum + one.width, gap.length * (fitted.length - 1)) - width

function mostMissable(fitted: readonly Fitted[]): Fitted | undefined {
  const missable = fitted.filter(({ column }) => column.missable !== undefined)
  return missable.sort((a, b) => (b.column.missable ?? 0) - (a.column.missable ?? 0))[0]
}
