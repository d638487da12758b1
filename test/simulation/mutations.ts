/*
 * Bugs planted in the text of the engine itself, in a copy of the sources: what no lie at the port can
 * imitate. They also show that the runs reach recovery, checkpoints and compaction at all.
 */

export interface Mutation {
  readonly name: string
  /** Any of these invariants may catch it. */
  readonly invariants: readonly number[]
  /** Below src/. */
  readonly file: string
  /** Stands in the file exactly once. When the source has changed, plant it anew. */
  readonly find: string
  readonly replace: string
}

export const mutations: readonly Mutation[] = [
  {
    name: 'the confirm comes after the write, without a sync',
    invariants: [2, 22, 24],
    file: 'embedded/journal/segment-writer.ts',
    find: 'return file.sync()',
    replace: 'return',
  },
  {
    name: 'the attempts made before a crash are forgotten',
    invariants: [9, 10],
    file: 'embedded/replay.ts',
    find: 'row.attempts = 1',
    replace: 'row.attempts = 0',
  },
  {
    name: 'a delivery is handed out before it is on record',
    invariants: [9, 10],
    file: 'embedded/delivering.ts',
    find: 'journal.whenDurable((error) => {',
    replace: ';((told: (error?: Error) => void) => told())((error) => {',
  },
  {
    name: 'a final record does not take its message out of the queue',
    invariants: [11, 23],
    file: 'embedded/settling.ts',
    find: 'writeFinal(journal.begin(), live.queue.number, entry.position, outcome, extras)',
    replace: 'writeFinal(journal.begin(), live.queue.number, 0, outcome, extras)',
  },
  {
    name: 'what was given back stands behind younger ones',
    invariants: [14, 15],
    file: 'embedded/queue/queue.ts',
    find: 'a.priority === b.priority ? a.position < b.position',
    replace: 'a.priority === b.priority ? a.position > b.position',
  },
  {
    name: 'an id is known only as long as its message is live',
    invariants: [11, 20, 22],
    file: 'embedded/known-ids.ts',
    find: 'const known = outcomes.find(id)',
    replace: 'const known = outcomes.find(id) && undefined',
  },
  {
    name: 'what a killed process left in the page cache is believed as it is',
    invariants: [2, 20, 22, 23, 24, 27],
    file: 'embedded/recovery.ts',
    find: 'if (!parts.lookOnly) await believe',
    replace: 'if (parts.lookOnly) await believe',
  },
  {
    name: 'waiting messages expire 300 ms early',
    invariants: [32],
    file: 'embedded/queue/index-block.ts',
    find: 'if (at <= nowMs) rows.push(row)',
    replace: 'if (at <= nowMs + 300) rows.push(row)',
  },
  {
    name: 'an outcome is brought home before it is durable',
    invariants: [20, 22, 24, 30],
    file: 'embedded/onward-sending.ts',
    find: 'core.journal.whenDurable((error) => {',
    replace: ';((told: (error?: Error) => void) => told())((error) => {',
  },
  {
    name: 'dead letters are not kept',
    invariants: [37],
    file: 'embedded/settling.ts',
    find: 'const deadLetter = isBuiltinCode(code)',
    replace: 'const deadLetter = code.length > 20 && isBuiltinCode(code)',
  },
  {
    name: 'segments are removed while messages live in them',
    invariants: [1, 2, 23],
    file: 'embedded/janitor.ts',
    find: 'use.live === 0 &&',
    replace: 'use.live >= 0 &&',
  },
  {
    name: 'segments are removed before the ledger has stored what is in them',
    invariants: [2, 22, 24, 37],
    file: 'embedded/janitor.ts',
    find: 'const safeLsn = await outcomes.flushed()',
    replace: 'const safeLsn = Number.POSITIVE_INFINITY',
  },
  {
    name: 'a late settle is not fenced',
    invariants: [8, 20, 21],
    file: 'embedded/settling.ts',
    find: 'if (delivery.over) return',
    replace: "if (delivery.over === 'settled') return",
  },
  {
    name: 'a new message overtakes those that are being put on record',
    invariants: [7, 13],
    file: 'embedded/handing-out.ts',
    find: 'if (delivery.live.recording > 0) {',
    replace: 'if (delivery.live.recording > 1e9) {',
  },
]
