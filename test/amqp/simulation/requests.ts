/*
 * What clients learn of requests, written into the engine's own kind of history, so that the engine's
 * rules about outcomes judge it.
 */

import type { Recorder } from '../../simulation/history.ts'
import { bodyDigest } from '../../simulation/message-facts.ts'
import type { Numbers } from '../../simulation/observed-engine.ts'
import type { RequestBook } from './site.ts'

interface Told {
  readonly id: string
  readonly queue: string
  readonly code: string
  readonly attempts: number
  readonly finishedAt: string
  readonly contentType?: string
  readonly value?: unknown
  readonly error?: unknown
}

export class Requests implements RequestBook {
  readonly #recorder: Recorder
  readonly #numbers: Numbers
  readonly #known = new Set<number>()

  constructor(recorder: Recorder, numbers: Numbers) {
    this.#recorder = recorder
    this.#numbers = numbers
  }

  publishing(publish: number, id: string, digest: string): void {
    this.#known.add(publish)
    this.#numbers.ids.add(id)
    this.#recorder.record({
      kind: 'publishing',
      publish,
      message: {
        id,
        queue: 'asks',
        digest,
        content: digest,
        priority: 0,
        deadlineAtMs: Number.POSITIVE_INFINITY,
        availableAtMs: 0,
        timeoutMs: 0,
        attemptsMax: 10_000,
        ttlMs: undefined,
        callbacks: [],
        replayOf: undefined,
      },
    })
  }

  confirmed(publish: number, id: string): void {
    if (!this.#known.has(publish)) return
    this.#recorder.record({ kind: 'confirmed', publish, id, duplicate: false })
  }

  /** A notification of the broker: the whole outcome. */
  notified(body: Buffer): void {
    const told = JSON.parse(body.toString('utf8')) as Told
    const { id, queue, code, attempts, finishedAt, contentType = '', value, error } = told
    const content = value ?? error
    const text = typeof content === 'string' ? content : (JSON.stringify(content) ?? '')
    const digest = bodyDigest(contentType, Buffer.from(text))
    const finishedAtMs = Date.parse(finishedAt)
    this.#recorder.record({
      kind: 'told',
      waiter: this.#numbers.waiter++,
      outcome: { id, queue, code, attempts, finishedAtMs, digest },
    })
  }
}
