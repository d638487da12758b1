/*
 * Pages of what a user may see: lists of the engine know no users.
 *
 *   page of the engine ─▶ those that may be shown ─▶ more of the engine, until the page is full or enough was asked
 *
 * Rule: a page costs a bounded number of questions. It may then be short, even empty, and still have a next one.
 */

export interface EnginePage<T> {
  readonly rows: readonly T[]
  readonly next: string | undefined
}

export interface PageAsked<T> {
  readonly limit: number
  readonly after: string | undefined
  readonly ask: (page: Cut) => Promise<EnginePage<T>>
  readonly mayShow: (row: T) => boolean
}

/** As filters have it: without `after` the first page. */
export interface Cut {
  readonly limit: number
  readonly after?: string
}

const questionsMax = 20

export async function shownPage<T>({
  limit,
  after,
  ask,
  mayShow,
}: PageAsked<T>): Promise<EnginePage<T>> {
  const rows: T[] = []
  let from = after
  for (let asked = 0; asked < questionsMax; asked++) {
    const cut = { limit: limit - rows.length }
    const page = await ask(from === undefined ? cut : { ...cut, after: from })
    for (const row of page.rows) if (mayShow(row)) rows.push(row)
    from = page.next
    if (from === undefined || rows.length >= limit) break
  }
  return { rows, next: from }
}
