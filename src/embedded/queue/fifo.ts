/*
 * The messages of one priority that were never delivered: a row of index blocks.
 *
 *   [head block] [block] [put away] [put away] … [put away] [tail block]
 *
 * First deliveries come from the head, new messages go to the tail; the middle is not needed in
 * memory. When the head reaches a block that is put away, `needed()` names it and nothing is taken
 * until it is back.
 */

import type { Entry } from './entry.ts'
import { blockRowsMax, IndexBlock } from './index-block.ts'

export class Fifo {
  readonly priority: number
  blocks: IndexBlock[] = []
  live = 0

  constructor(priority: number) {
    this.priority = priority
  }

  /** Returns the block that this filled up, if it did. */
  push(entry: Entry): IndexBlock | undefined {
    let tail = this.blocks.at(-1)
    if (!tail?.columns || tail.full) {
      tail = new IndexBlock(this.blocks.length === 0 ? undefined : blockRowsMax)
      this.blocks.push(tail)
    }
    tail.push(entry)
    this.live++
    return tail.full ? tail : undefined
  }

  /** The oldest waiting message; undefined when there is none or its block is put away. */
  first(): Entry | undefined {
    while (this.blocks.length > 0) {
      const block = this.blocks[0] as IndexBlock
      if (block.live === 0) {
        if (this.blocks.length === 1 && !block.full) return undefined
        this.#dropFirst()
        continue
      }
      return block.columns ? block.first(this.priority) : undefined
    }
    return undefined
  }

  /** Takes what `first()` just returned. */
  takeFirst(): void {
    const block = this.blocks[0] as IndexBlock
    block.takeFirst()
    this.live--
    if (block.live === 0 && block.head === block.rows) this.#dropFirst()
  }

  /** Pages of blocks that are used up, to be freed by whoever owns the index file. */
  freedPages: number[] = []

  #dropFirst(): void {
    const block = this.blocks.shift()
    if (!block) return
    if (block.page >= 0) this.freedPages.push(block.page)
    block.usedUp()
  }

  /** The block that must be brought back before the head can go on. */
  needed(): IndexBlock | undefined {
    const block = this.blocks[0]
    return block && block.live > 0 && !block.columns ? block : undefined
  }

  blockOf(position: number): IndexBlock | undefined {
    let low = 0
    let high = this.blocks.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const block = this.blocks[middle] as IndexBlock
      if (position < block.firstPosition) high = middle - 1
      else if (position > block.lastPosition) low = middle + 1
      else return block
    }
    return undefined
  }

  remove(block: IndexBlock, row: number): void {
    block.remove(row)
    this.live--
  }
}
