/*
 * A bar for work that takes a while, drawn on stderr, on a terminal only.
 *
 *   sending ━━━━━━━━━━━━╺─────────── 52 %  5,200 of 10,000
 */

import { styleText } from 'node:util'
import type { Terminal } from './terminal.ts'
import { cutToWidth, textWidth } from './text-width.ts'

const drawMsMin = 80
const barColumns = 30
const barColumnsMin = 8

export class ProgressBar implements Disposable {
  readonly #terminal: Terminal
  readonly #title: string
  readonly #end: (() => void) | undefined
  #drawnAtMs = Number.NEGATIVE_INFINITY
  #drawn = false

  constructor(terminal: Terminal, title: string) {
    this.#terminal = terminal
    this.#title = title
    this.#end = terminal.drawsProgress ? terminal.beforeWriting(() => this.#wipe()) : undefined
  }

  /** `text` stands behind the bar. Draws at most some times a second. No total (Infinity), no bar. */
  show(done: number, total: number, text: () => string): void {
    if (this.#end === undefined) return
    const nowMs = performance.now()
    if (nowMs - this.#drawnAtMs < drawMsMin && done < total) return
    this.#drawnAtMs = nowMs
    this.#drawn = true
    process.stderr.write(`\r${this.#line(done, total, text())}\u001b[K`)
  }

  #line(done: number, total: number, text: string): string {
    if (!Number.isFinite(total)) return `${this.#title} ${text}`
    const part = total > 0 ? Math.min(1, Math.max(0, done / total)) : 1
    const percent = `${String(Math.floor(part * 100)).padStart(3)} %`
    const room = this.#terminal.progressWidth - textWidth(this.#title) - percent.length - 4
    const columns = Math.max(barColumnsMin, Math.min(barColumns, room - textWidth(text)))
    const filled = Math.round(part * columns)
    const bar =
      styleText('green', '━'.repeat(filled), { stream: process.stderr }) +
      styleText('dim', '─'.repeat(columns - filled), { stream: process.stderr })
    return `${this.#title} ${bar} ${percent}  ${cutToWidth(text, Math.max(0, room - columns))}`
  }

  #wipe(): void {
    if (!this.#drawn) return
    this.#drawn = false
    this.#drawnAtMs = Number.NEGATIVE_INFINITY
    process.stderr.write('\r\u001b[K')
  }

  [Symbol.dispose](): void {
    this.#wipe()
    this.#end?.()
  }
}
