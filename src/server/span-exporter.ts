/*
 * Spans to a collector, by OTLP over HTTP.
 *
 *   add ──▶ waiting (bounded) ── every second, or when there are enough ──▶ POST ── taken ──▶ gone
 *                 ▲                                                          │
 *                 └──────────── stay, and are tried again later ── away ◀────┘
 *
 * Rule: nobody waits for a collector. What finds no room is dropped and counted; what the collector refuses
 * for good, too. After a crash the spans that waited are lost.
 */

import type { Clock, Timer } from '../clock.ts'
import { limits } from '../limits.ts'
import { encodeSpans, type FinishedSpan } from './otlp-json.ts'
import type { ServerLog } from './server-log.ts'

const sendEveryMs = 1_000
const againMs = 5_000
const answerMsMax = 10_000
const closeMsMax = 2_000
const spansPerRequest = 512

export interface SpanExporterParts {
  readonly endpoint: URL
  readonly clock: Clock
  readonly log: ServerLog
}

export class SpanExporter {
  readonly #parts: SpanExporterParts
  #waiting: FinishedSpan[] = []
  #timer: Timer | undefined
  #sending: Promise<void> | undefined
  #isAway = false
  #isClosed = false
  readonly #ending = new AbortController()
  sent = 0
  dropped = 0

  constructor(parts: SpanExporterParts) {
    this.#parts = parts
  }

  add(span: FinishedSpan): void {
    if (this.#waiting.length >= limits.spansWaitingMax || this.#isClosed) {
      this.dropped++
      return
    }
    const count = this.#waiting.push(span)
    if (this.#sending !== undefined || this.#isAway) return
    if (count === spansPerRequest) this.#send()
    else this.#sendIn(sendEveryMs)
  }

  /** Sends what waits, for as long as that is quick. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    const end = this.#parts.clock.after(closeMsMax, () => this.#ending.abort())
    await this.#sending
    while (this.#waiting.length > 0 && (await this.#post()));
    end.cancel()
    this.dropped += this.#waiting.length
    this.#waiting = []
    if (this.dropped === 0) return
    this.#parts.log.warn({ spans: this.dropped }, 'spans were dropped since the start')
  }

  #sendIn(delayMs: number): void {
    this.#timer ??= this.#parts.clock.after(delayMs, () => this.#send())
  }

  #send(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#sending = this.#post().then((went) => {
      this.#sending = undefined
      if (this.#isClosed || this.#waiting.length === 0) return
      if (!went) this.#sendIn(againMs)
      else if (this.#waiting.length >= spansPerRequest) this.#send()
      else this.#sendIn(sendEveryMs)
    })
  }

  /** False when they have to be tried again. Never fails. */
  async #post(): Promise<boolean> {
    const batch = this.#waiting.slice(0, spansPerRequest)
    const why = await this.#refusal(batch)
    if (why?.isPassing) {
      this.#away(why.text)
      return false
    }
    this.#waiting = this.#waiting.slice(batch.length)
    if (why === undefined) {
      this.sent += batch.length
      this.#back()
    } else {
      this.dropped += batch.length
      this.#parts.log.warn({ spans: batch.length }, `the collector refuses spans: ${why.text}`)
    }
    return true
  }

  async #refusal(
    batch: readonly FinishedSpan[],
  ): Promise<{ readonly text: string; readonly isPassing: boolean } | undefined> {
    try {
      const { ok, status, body } = await fetch(this.#parts.endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: encodeSpans(batch),
        // Where spans go is said in the configuration, not by whoever answers there.
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(answerMsMax), this.#ending.signal]),
      })
      await body?.cancel()
      if (ok) return undefined
      return { text: `status ${status}`, isPassing: status === 429 || status >= 500 }
    } catch (error) {
      const { cause, name } = error as Error
      const code = (cause as { readonly code?: unknown } | undefined)?.code
      return { text: String(code ?? name), isPassing: true }
    }
  }

  #away(why: string): void {
    if (this.#isAway) return
    this.#isAway = true
    const waiting = this.#waiting.length
    this.#parts.log.warn({ waiting }, `the collector of traces cannot be reached: ${why}`)
  }

  #back(): void {
    if (!this.#isAway) return
    this.#isAway = false
    this.#parts.log.info({ dropped: this.dropped }, 'the collector of traces is reached again')
  }
}
