/*
 * The end of a link, told once: everything that waits for an answer is told with it.
 */

import type { HomingError } from '../../../errors.ts'
import type { AmqpConnection } from '../connection.ts'

export class LinkEnd {
  readonly lost: Promise<HomingError>
  reason: HomingError | undefined
  #tell: (reason: HomingError) => void = () => undefined
  readonly #waiting = new Set<(reason: HomingError) => void>()

  constructor(connection: AmqpConnection) {
    this.lost = new Promise((resolve) => {
      this.#tell = resolve
    })
    void connection.ended.then((reason) => this.end(reason))
  }

  /** True for the first one. */
  end(reason: HomingError): boolean {
    if (this.reason !== undefined) return false
    this.reason = reason
    this.#tell(reason)
    for (const reject of this.#waiting) reject(reason)
    this.#waiting.clear()
    return true
  }

  /** The same, or the reason as soon as the link is over. */
  race<T>(asked: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.reason === undefined) this.#waiting.add(reject)
      else reject(this.reason)
      asked.then(
        (value) => {
          if (this.#waiting.delete(reject)) resolve(value)
        },
        (error: unknown) => {
          if (this.#waiting.delete(reject)) reject(error)
        },
      )
    })
  }
}
