/*
 * What RabbitMQ's lists can be asked for:
 *
 *   rows ─▶ name, use_regex ─▶ sort, sort_reverse ─▶ page, page_size ─▶ columns ─▶ answer
 *
 * Without `page` the answer is the list; with it one page and how many there are. `columns` are members of
 * rows, also of objects within them (`message_stats.publish`).
 */

import { z } from 'zod'
import { HomingError } from '../../errors.ts'
import { matchesPattern, patternFault } from '../../server/permission-pattern.ts'
import type { Answer } from '../route.ts'
import type { Page } from '../shapes/page.ts'

const wholeText = z.string().regex(/^\d{1,9}$/)
const pageSizeDefault = 100
const pageSizeMax = 500
const boolText = z.enum(['true', 'false'])
const columnsMax = 100

export const columnsQuery = z.object({
  columns: z.string().max(4_096).optional(),
  /** Rates and counts are left out. */
  disable_stats: boolText.optional(),
  enable_queue_totals: boolText.optional(),
})

export const listQuery = columnsQuery.extend({
  page: wholeText.meta({ type: 'integer', minimum: 1 }).optional(),
  page_size: wholeText
    .meta({ type: 'integer', minimum: 1, maximum: pageSizeMax, default: pageSizeDefault })
    .optional(),
  pagination: boolText.optional(),
  /** Part of the name, or with `use_regex` a regular expression; whatever the case. */
  name: z.string().max(1_024).optional(),
  use_regex: boolText.optional(),
  sort: z.string().max(255).optional(),
  sort_reverse: boolText.optional(),
})

export type ColumnsQuery = z.infer<typeof columnsQuery>
export type ListQuery = z.infer<typeof listQuery>

type Row = Readonly<Record<string, unknown>>

/** `order`: members by which rows are sorted when nothing is asked for. Fails with `bad-argument`. */
export function listed<T extends object>(
  rows: readonly T[],
  query: ListQuery,
  order: readonly (keyof T & string)[],
): Answer {
  const named = withName(rows as readonly Row[], query)
  const by = query.sort === undefined ? order : [query.sort, ...order]
  const sorted = named.toSorted((a, b) => compared(a, b, by))
  if (query.sort_reverse === 'true') sorted.reverse()
  const isPaged = query.page !== undefined && query.pagination !== 'false'
  if (!isPaged) return { json: sorted.map((row) => withColumns(row, query)) }
  const page = pageOf(sorted, rows.length, query)
  return { json: { ...page, items: page.items.map((row) => withColumns(row, query)) } }
}

/** One object, with the members that are asked for. */
export const shownObject = (object: object, query: ColumnsQuery): Answer => ({
  json: withColumns(object as Row, query),
})

function withName(rows: readonly Row[], { name, use_regex }: ListQuery): readonly Row[] {
  if (name === undefined || name === '') return rows
  if (use_regex !== 'true') {
    const part = name.toLowerCase()
    return rows.filter((row) => String(row.name).toLowerCase().includes(part))
  }
  const pattern = `(?i)${name}`
  const fault = patternFault(pattern)
  if (fault !== undefined) throw new HomingError('bad-argument', `the name to look for ${fault}`)
  return rows.filter((row) => matchesPattern(pattern, String(row.name)))
}

function pageOf(rows: readonly Row[], total: number, query: ListQuery): Page<Row> {
  const page = Number(query.page)
  const pageSize = Number(query.page_size ?? pageSizeDefault)
  if (pageSize < 1 || pageSize > pageSizeMax) {
    throw new HomingError(
      'bad-argument',
      `page_size is ${pageSize}; give one of 1 to ${pageSizeMax}`,
    )
  }
  const pages = Math.ceil(rows.length / pageSize)
  if (page < 1 || page > Math.max(1, pages)) {
    throw new HomingError(
      'bad-argument',
      `page ${page} is out of range, page size: ${pageSize}; there are ${pages}`,
    )
  }
  const items = rows.slice((page - 1) * pageSize, page * pageSize)
  return {
    items,
    page,
    page_count: pages,
    page_size: pageSize,
    item_count: items.length,
    filtered_count: rows.length,
    total_count: total,
  }
}

function compared(a: Row, b: Row, by: readonly string[]): number {
  for (const path of by) {
    const order = comparedValues(valueAt(a, path), valueAt(b, path))
    if (order !== 0) return order
  }
  return 0
}

/** What is not there comes first; numbers before texts. */
function comparedValues(a: unknown, b: unknown): number {
  if (a === b) return 0
  const [rankA, rankB] = [rank(a), rank(b)]
  if (rankA !== rankB) return rankA - rankB
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [textA, textB] = [String(a), String(b)]
  if (textA === textB) return 0
  return textA < textB ? -1 : 1
}

function rank(value: unknown): number {
  if (value === undefined || value === null) return 0
  return typeof value === 'number' ? 1 : 2
}

function valueAt(row: Row, path: string): unknown {
  let value: unknown = row
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Row)[name]
  }
  return value
}

function withColumns(row: Row, { columns }: ColumnsQuery): Row {
  if (columns === undefined || columns === '') return row
  const asked = columns.split(',').slice(0, columnsMax)
  return picked(
    row,
    asked.map((path) => path.trim().split('.')),
  )
}

/** The members that the paths name, with what leads to them. */
function picked(row: Row, paths: readonly (readonly string[])[]): Row {
  const entries = Object.entries(row).flatMap(([name, value]): [string, unknown][] => {
    const within = paths.filter(([first]) => first === name)
    if (within.length === 0) return []
    const isWhole = within.some(({ length }) => length === 1)
    if (isWhole || typeof value !== 'object' || value === null || Array.isArray(value)) {
      return isWhole ? [[name, value]] : []
    }
    const inner = picked(
      value as Row,
      within.map(([, ...rest]) => rest),
    )
    return Object.keys(inner).length > 0 ? [[name, inner]] : []
  })
  return Object.fromEntries(entries)
}
