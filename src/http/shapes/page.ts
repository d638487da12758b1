/*
 * Lists of RabbitMQ's API: an array, or with `page` in the query one page of it.
 */

import { z } from 'zod'

/** The answer of a list: the whole, or a page; with `columns` objects have those members only. */
export const listOf = <Row extends z.ZodObject>(row: Row) => {
  const rows = z.array(z.union([row, z.looseObject({})]))
  return z.union([
    rows,
    z.object({
      items: rows,
      page: z.number(),
      page_count: z.number(),
      page_size: z.number(),
      item_count: z.number(),
      filtered_count: z.number(),
      total_count: z.number(),
    }),
  ])
}

export interface Page<Row> {
  readonly items: readonly Row[]
  readonly page: number
  readonly page_count: number
  readonly page_size: number
  /** On this page. */
  readonly item_count: number
  /** With that name. */
  readonly filtered_count: number
  readonly total_count: number
}
