/*
 * Keeps a link open: when one is lost it opens the next, and tries until there is one.
 *
 *   open ──lost──▶ trying ──▶ restoring ──▶ open
 *                    ▲  └─ failed: wait, longer each time
 *                    └──── lost again
 *
 * Rule: there is at most one link. What failed is told once when the link is lost, and once when it is
 * back. A link that holds only for a moment does not begin the waits anew.
 */

import type { Clock, Timer } from '../clock.ts'
import { HomingError } from '../errors.ts'
import { backoffMs, backoffMsMax } from './backoff.ts'
import type { Link, OpenLink } from './link.ts'

export interface LinkKeeperParts {
  readonly open: OpenLink
  readonly clock: Clock
  /** 0 to 1. */
  readonly random: () => number
  /** Longest wait between two tries. */
  readonly waitMsMax: number | undefined
  /** What must be done on a new link before it is used; a failure is the link's. */
  readonly restore: (link: Link) => Promise<void>
  readonly up: (link: Link) => void
  readonly lost: (reason: HomingError) => void
  /**
   * Opening failed, and trying again does not help by itself; it is tried again all the same. Undefined
   * when it failed for a reason that may pass.
   */
  readonly refused: (error: HomingError | undefined) => void
  readonly tellLost: (reason: HomingError) => void
  readonly tellBack: (afterMs: number) => void
}

export class LinkKeeper {
  readonly #parts: LinkKeeperParts
  readonly #ending = new AbortController()
  #link: Link | undefined
  #openedAtMs = 0
  #lostAtMs = 0
  #tries = 0
  #timer: Timer | undefined
  /** Of the last try, or the reason of the loss. */
  lastError: HomingError | undefined

  constructor(parts: LinkKeeperParts) {
    this.#parts = parts
  }

  /** The link, when there is one that can be used. */
  get link(): Link | undefined {
    return this.#link
  }

  /** Milliseconds since the last link was lost. */
  get lostForMs(): number {
    return this.#parts.clock.monotonicMs() - this.#lostAtMs
  }

  /** The first link. Rejects when it cannot be opened. */
  async start(): Promise<void> {
    const link = await this.#parts.open(this.#ending.signal)
    this.#use(link)
  }

  #use(link: Link): void {
    this.#link = link
    this.#openedAtMs = this.#parts.clock.monotonicMs()
    this.lastError = undefined
    void link.lost.then((reason) => this.#lost(link, reason))
    this.#parts.up(link)
  }

  #lost(link: Link, reason: HomingError): void {
    if (this.#link !== link) return
    this.#link = undefined
    if (this.#ending.signal.aborted) return
    const nowMs = this.#parts.clock.monotonicMs()
    if (nowMs - this.#openedAtMs >= backoffMsMax) this.#tries = 0
    this.#lostAtMs = nowMs
    this.lastError = reason
    this.#parts.tellLost(reason)
    this.#parts.lost(reason)
    this.#tryLater()
  }

  #tryLater(): void {
    if (this.#ending.signal.aborted) return
    const { random, waitMsMax } = this.#parts
    const delayMs = backoffMs(this.#tries++, random, waitMsMax)
    this.#timer = this.#parts.clock.after(delayMs, () => {
      this.#timer = undefined
      void this.#tryNow()
    })
  }

  async #tryNow(): Promise<void> {
    let link: Link | undefined
    try {
      link = await this.#parts.open(this.#ending.signal)
      if (!this.#ending.signal.aborted) await this.#parts.restore(link)
    } catch (error) {
      letGo(link)
      this.#failed(error)
      return
    }
    if (this.#ending.signal.aborted) {
      letGo(link)
      return
    }
    const afterMs = this.lostForMs
    this.#use(link)
    this.#parts.tellBack(afterMs)
  }

  #failed(error: unknown): void {
    if (this.#ending.signal.aborted) return
    const known =
      error instanceof HomingError
        ? error
        : new HomingError('unreachable', String(error), { cause: error })
    this.lastError = known
    this.#parts.refused(known.retryable ? undefined : known)
    this.#tryLater()
  }

  /** Tries no more. The link, if there is one, stays. */
  stop(): void {
    this.#ending.abort()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  async close(): Promise<void> {
    this.stop()
    const link = this.#link
    this.#link = undefined
    await link?.close()
  }
}

/** A link that nobody will use. */
function letGo(link: Link | undefined): void {
  // It may be lost already, and then has nothing to say.
  link?.close().catch(() => undefined)
}
