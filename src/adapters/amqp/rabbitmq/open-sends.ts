/*
 * What this process has sent and has not heard of: kept over links, so that what the broker has lost is
 * sent again under its id.
 *
 *   sent ──▶ no sign for its time-out ──▶ its queue is seen empty ──▶ its time-out again ──▶ sent again
 *
 * A sign is an outcome, which ends it, or a consumer's word that it was put back. A queue that is not
 * empty may hold the message still; nobody can be asked for one message. Sent again in vain, it is
 * known by its id when it is delivered, and at worst worked on twice: its outcome is one.
 *
 * Bounded: past `bytesMax` the oldest are no longer kept, and only the ledger's deadline ends them.
 */

import type { Carried } from './wire-message.ts'

interface OpenSend {
  readonly carried: Carried
  /** Wall ms of the last sign. */
  signAtMs: number
  /** Wall ms at which its queue was seen empty, 0 for not yet. */
  emptyAtMs: number
}

export interface Suspects {
  /** Queues to look at, with the ids that wait for it. */
  readonly queues: ReadonlyMap<string, readonly string[]>
  /** To be sent again. */
  readonly overdue: readonly Carried[]
}

const bytesMaxDefault = 64 * 1024 * 1024
/** What a message takes beside its body. */
const overheadBytes = 512

export class OpenSends {
  readonly #open = new Map<string, OpenSend>()
  readonly #graceMs: number
  readonly #bytesMax: number
  #bytes = 0

  /** `graceMs`: on top of each time-out. */
  constructor(graceMs: number, bytesMax = bytesMaxDefault) {
    this.#graceMs = graceMs
    this.#bytesMax = bytesMax
  }

  add(carried: Carried, nowMs: number): void {
    const { id } = carried.message
    if (this.#open.has(id)) return
    this.#open.set(id, { carried, signAtMs: signOf(carried, nowMs), emptyAtMs: 0 })
    this.#bytes += bytesOf(carried)
    if (this.#bytes > this.#bytesMax) this.#dropOldest()
  }

  #dropOldest(): void {
    for (const oldest of this.#open.keys()) {
      if (this.#bytes <= this.#bytesMax) return
      this.delete(oldest)
    }
  }

  has(id: string): boolean {
    return this.#open.has(id)
  }

  get(id: string): Carried | undefined {
    return this.#open.get(id)?.carried
  }

  delete(id: string): void {
    const open = this.#open.get(id)
    if (open === undefined) return
    this.#open.delete(id)
    this.#bytes -= bytesOf(open.carried)
  }

  get size(): number {
    return this.#open.size
  }

  /** Put back by its consumer, and on its way again from that time on. */
  sign(id: string, atMs: number): void {
    const open = this.#open.get(id)
    if (open === undefined) return
    open.signAtMs = Math.max(open.signAtMs, atMs)
    open.emptyAtMs = 0
  }

  seenEmpty(ids: readonly string[], nowMs: number): void {
    for (const id of ids) {
      const open = this.#open.get(id)
      if (open !== undefined && open.emptyAtMs === 0) open.emptyAtMs = nowMs
    }
  }

  delayed(queue: string, nowMs: number): number {
    let count = 0
    for (const { carried, signAtMs } of this.#open.values()) {
      if (carried.message.routingKey === queue && signAtMs > nowMs) count++
    }
    return count
  }

  suspects(nowMs: number): Suspects {
    const queues = new Map<string, string[]>()
    const overdue: Carried[] = []
    for (const [id, open] of this.#open) {
      const { routingKey: queue, timeoutMs } = open.carried.message
      // Without a time-out an attempt may last for ever.
      if (timeoutMs === 0) continue
      const waitMs = timeoutMs + this.#graceMs
      if (open.emptyAtMs > 0) {
        if (nowMs - open.emptyAtMs < waitMs) continue
        overdue.push(open.carried)
        open.signAtMs = nowMs
        open.emptyAtMs = 0
      } else if (nowMs - open.signAtMs >= waitMs) {
        const ids = queues.get(queue)
        if (ids === undefined) queues.set(queue, [id])
        else ids.push(id)
      }
    }
    return { queues, overdue }
  }
}

const bytesOf = ({ message }: Carried): number => message.body.length + overheadBytes

const signOf = ({ message }: Carried, nowMs: number): number =>
  Math.max(nowMs, message.availableAtMs)
