import type { ClientBase } from 'pg'
import type { LedgerRow } from '../ledger-rows.ts'

/**
 * Queries on one connection. Several may be asked without waiting in between: where the package can,
 * they travel together; they are run in the order asked.
 */
export class Session {
  readonly #client: ClientBase
  readonly #names: Map<string, string>

  constructor(client: ClientBase, names: Map<string, string>) {
    this.#client = client
    this.#names = names
  }

  /** Several statements in one text; without values. */
  async query(text: string): Promise<LedgerRow[]> {
    const { rows } = await this.#client.query<LedgerRow>(text)
    return rows
  }

  /** One statement, prepared once on each connection. */
  async run(text: string, values: readonly unknown[]): Promise<LedgerRow[]> {
    let name = this.#names.get(text)
    if (name === undefined) {
      name = `homing_${this.#names.size}`
      this.#names.set(text, name)
    }
    const { rows } = await this.#client.query<LedgerRow>({ name, text, values: [...values] })
    return rows
  }
}
