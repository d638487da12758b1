/*
 * The audit log: logins, refusals and everything that people change.
 *
 *   note ─▶ too many refusals? ─yes─▶ counted, told together later
 *                 │ no
 *                 ▼
 *           next in the chain ─▶ file ─▶ kept for the page
 *
 * Rules: no password, hash, body or header of a message comes here. Who is refused cannot fill the disk:
 * so many refusals in a while, then a count. A disk that refuses a line stops nobody's work; the numbers
 * then have a gap, which the check tells.
 */

import type { Clock } from '../clock.ts'
import { AuditFiles } from './audit-files.ts'
import { type AuditGiven, type AuditRecord, auditLine, firstPrevious } from './audit-record.ts'
import type { ServerLog } from './server-log.ts'

export interface AuditLogParts {
  readonly clock: Clock
  readonly log: Pick<ServerLog, 'error'>
  /** Undefined for a broker in memory. */
  readonly files?: AuditFiles | undefined
}

export interface AuditQuery {
  readonly limit: number
  /** Only what came before that number. */
  readonly before?: number | undefined
  readonly user?: string | undefined
  readonly result?: string | undefined
  /** Part of what was done, or to what. */
  readonly text?: string | undefined
}

export interface AuditPage {
  /** Newest first. */
  readonly records: readonly AuditRecord[]
  /** For `before` of the next page. */
  readonly next: number | undefined
}

const keptMax = 1_000
const refusalsMax = 200
const refusalsFromMax = 20
const whileMs = 10_000
/** The same user from the same address to the same place is noted once in this time. */
const loginEveryMs = 600_000
const loginsMax = 10_000

export class AuditLog {
  readonly #parts: AuditLogParts
  /** The newest ones, oldest first. */
  readonly #kept: AuditRecord[]
  readonly #refusals = new Map<string, number>()
  readonly #logins = new Map<string, number>()
  #refused = 0
  #leftOut = 0
  #isCounting = false
  #sequence: number
  #previous: string
  #isClosed = false

  constructor(parts: AuditLogParts) {
    this.#parts = parts
    const lines = parts.files?.tail(keptMax) ?? []
    const last = lines.at(-1)
    this.#kept = lines.map(({ record }) => record)
    this.#sequence = last?.record.sequence ?? 0
    this.#previous = last?.hash ?? firstPrevious
  }

  note(given: AuditGiven): void {
    if (this.#isClosed || this.#isNotedLogin(given)) return
    if (given.result === 'done' || this.#hasRoomFor(given)) this.#write(given)
    else this.#leftOut++
  }

  async page(query: AuditQuery): Promise<AuditPage> {
    const found: AuditRecord[] = []
    const isEnough = (): boolean => found.length > query.limit
    for await (const records of this.#newestFirst()) {
      for (const record of records.toReversed()) {
        if (isEnough()) break
        if (isAsked(record, query)) found.push(record)
      }
      if (isEnough()) break
    }
    const records = found.slice(0, query.limit)
    return { records, next: isEnough() ? records.at(-1)?.sequence : undefined }
  }

  close(): void {
    if (this.#isClosed) return
    this.#tellLeftOut()
    this.#isClosed = true
    this.#parts.files?.close()
  }

  async *#newestFirst(): AsyncGenerator<readonly AuditRecord[]> {
    const kept = [...this.#kept]
    yield kept
    const [first] = kept
    if (first === undefined || first.sequence === 1 || this.#parts.files === undefined) return
    for await (const lines of this.#parts.files.newestFirst()) {
      const records = lines.map(({ record }) => record)
      yield records.filter(({ sequence }) => sequence < first.sequence)
    }
  }

  /** Programs that connect all the time must not push out what people did. */
  #isNotedLogin({ user, from, action, on, result }: AuditGiven): boolean {
    if (action !== 'login' || result !== 'done') return false
    const key = JSON.stringify([user, from, on])
    const nowMs = this.#parts.clock.monotonicMs()
    const notedAtMs = this.#logins.get(key)
    if (notedAtMs !== undefined && nowMs - notedAtMs < loginEveryMs) return true
    this.#logins.delete(key)
    this.#logins.set(key, nowMs)
    const [oldest] = this.#logins.keys()
    if (this.#logins.size > loginsMax && oldest !== undefined) this.#logins.delete(oldest)
    return false
  }

  #hasRoomFor({ from }: AuditGiven): boolean {
    this.#countFor()
    const ofIt = this.#refusals.get(from) ?? 0
    if (this.#refused >= refusalsMax || ofIt >= refusalsFromMax) return false
    this.#refused++
    this.#refusals.set(from, ofIt + 1)
    return true
  }

  /** A while begins with the first refusal in it. */
  #countFor(): void {
    if (this.#isCounting) return
    this.#isCounting = true
    this.#parts.clock.after(whileMs, () => {
      this.#isCounting = false
      this.#refused = 0
      this.#refusals.clear()
      this.#tellLeftOut()
    })
  }

  #tellLeftOut(): void {
    const times = this.#leftOut
    this.#leftOut = 0
    if (times === 0 || this.#isClosed) return
    this.#write({ user: '', from: '', action: 'more refusals', on: '', result: 'refused' }, times)
  }

  #write(given: AuditGiven, times?: number): void {
    const { clock, files, log } = this.#parts
    const record = { ...given, sequence: ++this.#sequence, at: clock.wallMs(), times }
    const { text, hash } = auditLine(record, this.#previous)
    try {
      files?.append(text)
    } catch (error) {
      log.error({ error, action: given.action }, 'the audit log could not be written')
      return
    }
    this.#previous = hash
    this.#kept.push(record)
    if (this.#kept.length > 2 * keptMax) this.#kept.splice(0, keptMax)
  }
}

function isAsked(record: AuditRecord, { before, user, result, text }: AuditQuery): boolean {
  if (before !== undefined && record.sequence >= before) return false
  if (user !== undefined && record.user !== user) return false
  if (result !== undefined && record.result !== result) return false
  return text === undefined || record.action.includes(text) || record.on.includes(text)
}

/** That of a data directory, whose lock the caller holds. Fails with what opening the file fails with. */
export const openAuditLog = (directory: string, parts: Omit<AuditLogParts, 'files'>): AuditLog =>
  new AuditLog({ ...parts, files: new AuditFiles(directory) })
