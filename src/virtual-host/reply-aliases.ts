/*
 * Requests whose id is not what their reply will name: they have an x-homing-id, or their correlation
 * id was used before. By the queue and correlation id of the reply that is to come, oldest first.
 *
 * In memory: after a restart such a request is not found by its reply, and ends as acknowledged.
 */

import { limits } from '../limits.ts'

export class ReplyAliases {
  readonly #ids = new Map<string, string[]>()
  #count = 0

  add(replyTo: string, correlationId: string, id: string): void {
    if (this.#count >= limits.replyAliasesMax) this.#forgetOldest()
    const key = keyOf(replyTo, correlationId)
    const ids = this.#ids.get(key)
    if (ids) ids.push(id)
    else this.#ids.set(key, [id])
    this.#count++
  }

  /** Takes out the oldest id that a reply of this correlation id may be for. */
  take(replyTo: string, correlationId: string): string | undefined {
    if (this.#count === 0) return undefined
    const key = keyOf(replyTo, correlationId)
    const ids = this.#ids.get(key)
    const id = ids?.shift()
    if (id === undefined) return undefined
    this.#count--
    if (ids?.length === 0) this.#ids.delete(key)
    return id
  }

  #forgetOldest(): void {
    const [oldest] = this.#ids
    if (!oldest) return
    this.#ids.delete(oldest[0])
    this.#count -= oldest[1].length
  }
}

const keyOf = (replyTo: string, correlationId: string): string => `${replyTo}\0${correlationId}`
