/*
 * Publisher confirms of one channel: which publish numbers the client has still to hear of.
 *
 *   number   1 ─────── 40 │ 41 ── 55 │ 56 │ 57 ─────── 90 │ 91 …
 *   run         ack       │ waiting  │nack│   waiting     │      waiting: for the disk
 *               ▼ basic.ack 40 multiple
 *
 * Neighbours of one fate are one run. At the end of a turn everything up to the first waiting number
 * is told with one frame per run; what stands behind a waiting one is told one by one, since
 * `multiple` would speak for the waiting one too. One question to the disk covers all of a turn.
 *
 * Rule: every number is told exactly once, and never as confirmed before its message is durable.
 */

export interface ConfirmWriter {
  ack(number: number, multiple: boolean): void
  nack(number: number, multiple: boolean): void
}

export type ConfirmFate = 'waiting' | 'ack' | 'nack'

interface Run {
  readonly from: number
  to: number
  fate: ConfirmFate | 'told'
  /** A question to the disk covers it: no number joins any more. */
  asked: boolean
}

export class Confirms {
  #next = 1
  #runs: Run[] = []
  /** Runs before this one are done with. */
  #head = 0
  /** Some run behind the head may have something to tell. */
  #behind = false
  #unasked = false

  /** Publishes the client has not heard of. */
  get count(): number {
    const first = this.#runs[this.#head]
    return first === undefined ? 0 : this.#next - first.from
  }

  /** The next publish has met this fate. */
  add(fate: ConfirmFate): void {
    const number = this.#next++
    const last = this.#runs.at(-1)
    if (fate === 'waiting') this.#unasked = true
    else this.#behind = true
    if (last !== undefined && last.fate === fate && !last.asked) last.to = number
    else this.#runs.push({ from: number, to: number, fate, asked: false })
  }

  /**
   * The last number that a question to the disk, asked now, is to cover; undefined when there is
   * nothing new to ask.
   */
  ask(): number | undefined {
    if (!this.#unasked) return undefined
    this.#unasked = false
    for (let n = this.#runs.length - 1; n >= this.#head; n--) {
      const run = this.#runs[n] as Run
      if (run.asked) break
      if (run.fate === 'waiting') run.asked = true
    }
    return this.#next - 1
  }

  /** The answer: all that waited up to that number are durable, or never will be. */
  answered(upTo: number, durable: boolean): void {
    for (let n = this.#head; n < this.#runs.length; n++) {
      const run = this.#runs[n] as Run
      if (run.to > upTo) break
      if (run.fate !== 'waiting' || !run.asked) continue
      run.fate = durable ? 'ack' : 'nack'
      this.#behind = true
    }
  }

  /** Writes what there is to tell. */
  tell(writer: ConfirmWriter): void {
    if (!this.#behind) return
    this.#behind = false
    this.#tellHead(writer)
    for (let n = this.#head + 1; n < this.#runs.length; n++) {
      const run = this.#runs[n] as Run
      if (run.fate === 'ack')
        for (let number = run.from; number <= run.to; number++) writer.ack(number, false)
      else if (run.fate === 'nack')
        for (let number = run.from; number <= run.to; number++) writer.nack(number, false)
      if (run.fate !== 'waiting') run.fate = 'told'
    }
    this.#forgetTold()
  }

  #tellHead(writer: ConfirmWriter): void {
    let count = 0
    let last = 0
    for (; this.#head < this.#runs.length; this.#head++) {
      const run = this.#runs[this.#head] as Run
      if (run.fate === 'waiting') break
      if (run.fate === 'told') continue
      const numbers = run.to - run.from + 1
      if (run.fate === 'ack') {
        count += numbers
        last = run.to
        continue
      }
      if (count > 0) writer.ack(last, count > 1)
      count = 0
      writer.nack(run.to, numbers > 1)
    }
    if (count > 0) writer.ack(last, count > 1)
  }

  #forgetTold(): void {
    if (this.#head === this.#runs.length) this.#runs = []
    else if (this.#head > 64 && this.#head > this.#runs.length / 2)
      this.#runs = this.#runs.slice(this.#head)
    else return
    this.#head = 0
  }
}
