/*
 * What was seen while a scenario ran.
 *
 * Shown, it is one list in the order of arrival, what was sent between what came. Compared, it is
 * one list for each channel of each connection, of what came only: two brokers may answer two
 * channels in another order, and a delivery may arrive before or after our next frame leaves.
 * Confirms are compared apart, each tag for itself: how many a broker confirms at once is its affair.
 */

import { comparable } from './comparable.ts'

export interface Line {
  /** Connection and channel: `c1 #2`. */
  readonly stream: string
  readonly kind: 'sent' | 'received' | 'confirm'
  readonly text: string
}

/** A line as it came, and what of it is compared. */
export interface ComparedLine {
  readonly shown: string
  readonly compared: string
}

export class Transcript {
  readonly #lines: Line[] = []
  /** Shown as '/': the runner gives each scenario a virtual host that nobody else uses. */
  readonly #vhost: string

  constructor(vhost: string) {
    this.#vhost = vhost
  }

  /** Names that were sent in declarations, or given by the broker. */
  readonly declared = { queues: new Set<string>(), exchanges: new Set<string>() }

  add(line: Line): void {
    this.#lines.push(line)
  }

  /** What is compared, by stream. */
  streams(): ReadonlyMap<string, readonly ComparedLine[]> {
    const streams = new Map<string, string[]>()
    for (const { stream, kind, text } of this.#lines) {
      if (kind === 'sent') continue
      const name = kind === 'confirm' ? `${stream} confirms` : stream
      const lines = streams.get(name) ?? []
      streams.set(name, lines)
      lines.push(text)
    }
    const sorted = [...streams].toSorted(([a], [b]) => (a < b ? -1 : 1))
    const made = new Map<string, string>()
    return new Map(
      sorted.map(([name, lines]) => {
        const ordered = name.endsWith(' confirms') ? lines.toSorted(byNumber) : lines
        const context = { vhost: this.#vhost, made }
        return [name, ordered.map((shown) => ({ shown, compared: comparable(shown, context) }))]
      }),
    )
  }

  text(): string {
    const mark = { sent: '→', received: '←', confirm: '←' }
    return this.#lines.map((l) => `  ${l.stream} ${mark[l.kind]} ${l.text}\n`).join('')
  }
}

const byNumber = (a: string, b: string): number =>
  a.localeCompare(b, 'en', { numeric: true, sensitivity: 'variant' })
