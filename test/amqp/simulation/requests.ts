/*
 * What clients learn of requests, written into the engine's own kind of history, so that the engine's
 * rules about outcomes judge it.
 *
 * A publish that waits to be read, behind one whose id is looked up, may come after its queue was deleted:
 * it leads nowhere then, is confirmed, and is no request.
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
  /** How often the queue of requests was deleted. */
  #deletions = 0
  /** The same when each publish, and the first of each id, was sent. */
  readonly #publishes = new Map<number, number>()
  readonly #ids = new Map<string, number>()

  constructor(recorder: Recorder, numbers: Numbers) {
    this.#recorder = recorder
    this.#numbers = numbers
  }

  publishing(publish: number, id: string, digest: string): void {
    this.#publishes.set(publish, this.#deletions)
    if (!this.#ids.has(id)) this.#ids.set(id, this.#deletions)
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
    // Read when its queue was gone, it led nowhere: confirmed, and no request.
    if (this.#publishes.get(publish) !== this.#deletions) return
    this.#recorder.record({ kind: 'confirmed', publish, id, duplicate: false })
  }

  deleting(): void {
    this.#deletions++
  }

  /** A notification of the broker: the whole outcome. */
  notified(body: Buffer): void {
    const told = JSON.parse(body.toString('utf8')) as Told
    const { id, queue, code, attempts, finishedAt, contentType = '', value, error } = told
    // Only then: no queue had it, so nobody else knows of it.
    const wasDeleted = (this.#ids.get(id) ?? this.#deletions) !== this.#deletions
    if (code === 'unroutable' && wasDeleted) return
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
