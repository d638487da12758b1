/*
 * Connections to PostgreSQL, and what happens when they end.
 *
 *   transaction ──▶ BEGIN ── work ── COMMIT ──▶ done
 *                     │
 *                     └─ connection lost, server away: again on another one, with growing pauses,
 *                        until patienceMs is over; then `ledger-unavailable`, with the cause
 *
 * Rule: work may be run again after a COMMIT whose answer was lost, so it must have its effect once.
 * What fails by itself (a refused call) is rolled back and not tried again.
 */

import type { Pool, PoolClient } from 'pg'
import { optionalModule } from '../../contract/optional-module.ts'
import { HomingError } from '../../errors.ts'
import type { SharedLedgerSettings } from '../shared-ledger-options.ts'
import { type PostgresTrouble, postgresTrouble } from './postgres-trouble.ts'
import { Session } from './session.ts'

const connectionsMax = 6
const connectMsMax = 10_000
const statementMsMax = 20_000
/** The server ends what takes longer; this is for a server that does not answer at all. */
const queryMsMax = statementMsMax + 5_000
const pauseMsFirst = 50
const pauseMsMax = 2_000

/** Each waits for the disk, unless somebody asked for even more. */
const durableCommits = `SELECT set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') = 'off'`

export type Work<Result> = (session: Session) => Promise<Result>

export class PostgresPool {
  readonly #pool: Pool
  readonly #where: string
  readonly #settings: SharedLedgerSettings
  readonly #names = new Map<string, string>()
  readonly #checked = new WeakSet<PoolClient>()
  readonly #closing = new AbortController()
  #isAway = false

  /** Fails with `module-missing` and `bad-argument`; connects to nothing yet. */
  static async make(address: string, settings: SharedLedgerSettings): Promise<PostgresPool> {
    const { default: pg } = await optionalModule('pg', 'a ledger in PostgreSQL', () => import('pg'))
    const options = {
      connectionString: address,
      max: connectionsMax,
      connectionTimeoutMillis: connectMsMax,
      statement_timeout: statementMsMax,
      query_timeout: queryMsMax,
      idle_in_transaction_session_timeout: queryMsMax,
      keepAlive: true,
      // An open ledger alone does not keep the process alive.
      allowExitOnIdle: true,
      fallback_application_name: 'homing',
      pipeline: true,
    }
    try {
      return new PostgresPool(new pg.Pool(options), address, settings)
    } catch {
      // Not even as a cause: the address has the password in it.
      throw unreadable()
    }
  }

  private constructor(pool: Pool, address: string, settings: SharedLedgerSettings) {
    this.#pool = pool
    this.#where = nameOf(address)
    this.#settings = settings
    // A connection that ends while it is idle is replaced by the next who needs one. Of one in use the
    // failing query tells; but an error without a listener would end the process, also between the two.
    pool.on('error', ignored)
    pool.on('connect', (client) => client.on('error', ignored))
  }

  /** The address without user and password. */
  get where(): string {
    return this.#where
  }

  /** Fails at once when the server cannot be reached: for opening. */
  async once<Result>(work: Work<Result>): Promise<Result> {
    try {
      return await this.#transaction(work)
    } catch (error) {
      throw this.#trouble(error).error
    }
  }

  async transaction<Result>(work: Work<Result>): Promise<Result> {
    const started = performance.now()
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await this.#transaction(work)
        this.#isThere()
        return result
      } catch (error) {
        const trouble = this.#trouble(error)
        const isOver = performance.now() - started >= this.#settings.patienceMs
        if (trouble.kind === 'refused' || isOver || this.#closing.signal.aborted)
          throw trouble.error
        if (trouble.kind === 'away') this.#went(trouble)
        await this.#pause(trouble.kind === 'again' ? 0 : attempt)
      }
    }
  }

  /** From here on a server that is away is not waited for. */
  hurry(): void {
    this.#closing.abort()
  }

  async close(): Promise<void> {
    this.hurry()
    await this.#pool.end()
  }

  async #transaction<Result>(work: Work<Result>): Promise<Result> {
    const client = await this.#pool.connect()
    let isBroken = true
    try {
      const result = await this.#committed(client, work)
      isBroken = false
      return result
    } catch (error) {
      isBroken = !(await rolledBack(client, error))
      throw error
    } finally {
      client.release(isBroken)
    }
  }

  async #committed<Result>(client: PoolClient, work: Work<Result>): Promise<Result> {
    const session = new Session(client, this.#names)
    const begun = this.#checked.has(client)
      ? session.query('BEGIN')
      : Promise.all([session.query(durableCommits), session.query('BEGIN')])
    // Both are waited for, so that neither is left rejected when the other fails.
    const [first, worked] = await Promise.allSettled([begun, work(session)])
    if (first.status === 'rejected') throw first.reason
    if (worked.status === 'rejected') throw worked.reason
    await session.query('COMMIT')
    this.#checked.add(client)
    return worked.value
  }

  #trouble(error: unknown): PostgresTrouble {
    if (error instanceof HomingError) return { kind: 'refused', error }
    return postgresTrouble(error, this.#where)
  }

  #went({ error }: PostgresTrouble): void {
    if (this.#isAway) return
    this.#isAway = true
    this.#settings.onProblem(`${error.message} It is tried again`)
  }

  #isThere(): void {
    if (!this.#isAway) return
    this.#isAway = false
    this.#settings.onProblem(`the ledger at ${this.#where} is there again`)
  }

  async #pause(attempt: number): Promise<void> {
    const longest = Math.min(pauseMsFirst * 2 ** attempt, pauseMsMax)
    await new Promise<void>((resume) => {
      const timer = setTimeout(resume, longest * (0.5 + Math.random() / 2))
      this.#closing.signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resume()
      })
    })
  }
}

const ignored = (): void => undefined

/** False when the connection cannot be used again. */
async function rolledBack(client: PoolClient, error: unknown): Promise<boolean> {
  const isAnswer = error instanceof HomingError || /^[0-9A-Z]{5}$/.test(codeOf(error))
  if (!isAnswer || /^(08|57P)/.test(codeOf(error))) return false
  try {
    await client.query('ROLLBACK')
    return true
  } catch {
    return false
  }
}

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? '')

function nameOf(address: string): string {
  try {
    // Written with a socket's directory, the host of an address may be missing.
    const url = new URL(address.replace(/^postgres(ql)?:\/\/([^@/]*@)?/i, 'postgres://'))
    const host = url.searchParams.get('host') ?? (decodeURIComponent(url.host) || 'localhost')
    return `postgres://${host}${url.pathname}`
  } catch {
    throw unreadable()
  }
}

const unreadable = (): HomingError =>
  new HomingError(
    'bad-argument',
    'the address of the ledger cannot be read; give postgres://user:password@host:5432/database',
  )
