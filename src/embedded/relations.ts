import type { MessageMeta } from '../message/message.ts'

/** Messages of which is known what they led to; the oldest are let go. */
const messagesMax = 10_000
const childrenMax = 100

interface Led {
  readonly children: string[]
  replayedAs: string | undefined
}

/**
 * Which messages led to which others that were accepted since the start: what has finished is found in
 * the ledger, also later. For people; bounded.
 */
export class Relations {
  readonly #led = new Map<string, Led>()

  accepted(id: string, { parentId, replayOf }: MessageMeta): void {
    if (parentId !== undefined) {
      const { children } = this.#of(parentId)
      children.push(id)
      if (children.length > childrenMax) children.shift()
    }
    if (replayOf !== undefined) this.#of(replayOf).replayedAs = id
  }

  /** Newest first. */
  childrenOf(id: string): readonly string[] {
    return this.#led.get(id)?.children.toReversed() ?? []
  }

  replayedAs(id: string): string | undefined {
    return this.#led.get(id)?.replayedAs
  }

  #of(id: string): Led {
    const known = this.#led.get(id)
    if (known) return known
    if (this.#led.size >= messagesMax) {
      const [oldest] = this.#led.keys()
      this.#led.delete(oldest as string)
    }
    const led: Led = { children: [], replayedAs: undefined }
    this.#led.set(id, led)
    return led
  }
}
