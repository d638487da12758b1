/*
 * Rows in the order of time, then of arrival: the order in which the ledger lists and forgets.
 *
 *   oldest ── forgotten from here        listed from here ── newest
 *   [ row, row, row, …                                … row, row ]
 *
 * Times come nearly sorted, so a row is nearly always appended; one that is late (the clock was set
 * back between two runs) is put where it belongs by binary search.
 */

export interface TimedRow {
  readonly atMs: number
  /** Rises with every row that arrives; decides between equal times. */
  readonly arrival: number
}

export class TimeOrder<Row extends TimedRow> {
  #rows: Row[] = []

  get size(): number {
    return this.#rows.length
  }

  insert(row: Row): void {
    const last = this.#rows.at(-1)
    if (last === undefined || isBefore(last, row)) this.#rows.push(row)
    else this.#rows.splice(this.#countBefore(row), 0, row)
  }

  delete(row: Row): void {
    const at = this.#countBefore(row)
    if (this.#rows[at] === row) this.#rows.splice(at, 1)
  }

  /** Takes out the oldest rows: those before the time, and as many as stand above the count. */
  takeOldest(beforeMs: number, keepCount: number): Row[] {
    let count = Math.max(0, this.#rows.length - keepCount)
    while (count < this.#rows.length && (this.#rows[count] as Row).atMs < beforeMs) count++
    return this.#rows.splice(0, count)
  }

  /** Newest first, from just before that place, or from the newest. */
  *newestFirst(before?: TimedRow): Generator<Row> {
    let at = before === undefined ? this.#rows.length : this.#countBefore(before)
    while (at > 0) yield this.#rows[--at] as Row
  }

  copy(): TimeOrder<Row> {
    const copy = new TimeOrder<Row>()
    copy.#rows = this.#rows.slice()
    return copy
  }

  #countBefore(row: TimedRow): number {
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(this.#rows[middle] as Row, row)) low = middle + 1
      else high = middle
    }
    return low
  }
}

const isBefore = (a: TimedRow, b: TimedRow): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.arrival < b.arrival)
