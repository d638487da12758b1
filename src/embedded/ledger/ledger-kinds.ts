import type { DatabaseSync, StatementSync } from 'node:sqlite'

const cachedMax = 10_000

/**
 * The numbers that stand for queue and code in a row, and the totals kept with them. Changes are
 * gathered during a transaction and written once at its end by `writeTotals`.
 */
export class LedgerKinds {
  readonly #find: StatementSync
  readonly #make: StatementSync
  readonly #add: StatementSync
  readonly #removeUnused: StatementSync
  readonly #addDead: StatementSync
  readonly #removeNoDead: StatementSync
  readonly #numbers = new Map<string, number>()
  readonly #changes = new Map<number, number>()
  readonly #deadChanges = new Map<string, number>()

  constructor(db: DatabaseSync) {
    this.#find = db.prepare('SELECT kind FROM kinds WHERE queue = ? AND code = ?')
    this.#make = db.prepare('INSERT INTO kinds (queue, code, outcomes) VALUES (?, ?, 0)')
    this.#add = db.prepare('UPDATE kinds SET outcomes = outcomes + ? WHERE kind = ?')
    this.#removeUnused = db.prepare('DELETE FROM kinds WHERE kind = ? AND outcomes = 0')
    this.#addDead = db.prepare(`INSERT INTO dead_counts VALUES (?, ?)
      ON CONFLICT (queue) DO UPDATE SET count = count + excluded.count`)
    this.#removeNoDead = db.prepare('DELETE FROM dead_counts WHERE queue = ? AND count = 0')
  }

  of(queue: string, code: string): number {
    // The length keeps two pairs of texts from making one key.
    const key = `${queue.length}:${queue}${code}`
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const row = this.#find.get(queue, code)
    const kind =
      row === undefined ? Number(this.#make.run(queue, code).lastInsertRowid) : Number(row.kind)
    this.#numbers.set(key, kind)
    return kind
  }

  count(kind: number, change: number): void {
    this.#changes.set(kind, (this.#changes.get(kind) ?? 0) + change)
  }

  countDead(queue: string, change: number): void {
    this.#deadChanges.set(queue, (this.#deadChanges.get(queue) ?? 0) + change)
  }

  writeTotals(): void {
    let removed = 0
    for (const [kind, change] of this.#changes) {
      this.#add.run(change, kind)
      if (change <= 0) removed += Number(this.#removeUnused.run(kind).changes)
    }
    for (const [queue, change] of this.#deadChanges) {
      this.#addDead.run(queue, change)
      if (change <= 0) this.#removeNoDead.run(queue)
    }
    this.#changes.clear()
    this.#deadChanges.clear()
    if (removed > 0 || this.#numbers.size > cachedMax) this.#numbers.clear()
  }

  /** After a rollback: nothing gathered or numbered in it counts. */
  reset(): void {
    this.#numbers.clear()
    this.#changes.clear()
    this.#deadChanges.clear()
  }
}
