import type { Entry } from './entry.ts'
import type { IndexBlock } from './index-block.ts'

/** What time has done to a queue. */
export interface Due {
  /** Waiting rows are named by block; what is held, delayed or came back, by entry. */
  readonly expired: Entry[]
  readonly timedOut: Entry[]
  /** Blocks with expired rows that are put away: bring them back and ask again. */
  readonly needed: IndexBlock[]
}
