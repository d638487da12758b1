import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

export type Row = Record<string, unknown>

/** Statements by their text, each prepared once. */
export class SharedStatements {
  readonly #db: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  get(text: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#statement(text).get(...values)
  }

  all(text: string, ...values: readonly SQLInputValue[]): Row[] {
    return this.#statement(text).all(...values)
  }

  run(text: string, ...values: readonly SQLInputValue[]): { changes: number } {
    return { changes: Number(this.#statement(text).run(...values).changes) }
  }

  #statement(text: string): StatementSync {
    let statement = this.#prepared.get(text)
    if (statement === undefined) {
      statement = this.#db.prepare(text)
      this.#prepared.set(text, statement)
    }
    return statement
  }
}
