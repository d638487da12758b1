/*
 * Lines of a log are shipped and counted: each line once, however often the shipper runs.
 *
 *   access.log ── line at byte N has the id `access.log@N` ──▶ queue ──▶ batches of 200 ──▶ counts
 *
 * A shipper that is killed does not know how far it came. It simply ships from the start again: a line
 * whose id is known is a duplicate, is not worked on again, and gives the outcome it had.
 *
 * Run it twice:  npx node examples/log-lines.ts [where]
 */

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { homing, queue, text } from '../src/index.ts'

const where = process.argv[2] ?? './data/log-lines'
const lineCount = 5_000

const logLine = queue('log-line', {
  codec: { input: text }, // the line as it is: bytes in, the same bytes out
  input: z.string(),
  output: z.object({ status: z.int(), bytes: z.int() }),
  errors: { NotALogLine: z.object({ line: z.string() }) },
})

await using home = await homing(join(where, 'queue'))

// Work in batches: one handler call for up to 200 lines, an outcome for each of them.
home.consumeMany(
  logLine,
  (lines) => {
    for (const line of lines) {
      const found = /^\S+ \S+ "[^"]*" (\d{3}) (\d+)$/.exec(line.input)
      if (found) line.done({ status: Number(found[1]), bytes: Number(found[2]) })
      else line.fail('NotALogLine', { line: line.input.slice(0, 80) })
    }
  },
  { batch: 200, maxWait: '20ms' },
)

const log = writeLog(join(where, 'access.log'))
const started = performance.now()
const receipts = []
for (const { lines, ids } of chunks(log, 1_000)) {
  // One confirm for a thousand lines: when it resolves, all of them are on disk.
  receipts.push(...(await home.sendMany(logLine, lines, { ids })))
}
const known = receipts.filter((receipt) => receipt.duplicate).length
console.log(`${receipts.length} lines shipped, ${known} of them were known already`)

const byStatus = new Map<number | string, number>()
for (const receipt of receipts) {
  const outcome = await receipt.outcome()
  const status = outcome.ok ? outcome.value.status : outcome.error.code
  byStatus.set(status, (byStatus.get(status) ?? 0) + 1)
}
console.table(Object.fromEntries(byStatus))
console.log(`counted in ${Math.round(performance.now() - started)} ms`)

const total = [...byStatus.values()].reduce((sum, count) => sum + count, 0)
assert.equal(total, log.split('\n').length - 1)
assert.equal(byStatus.get('NotALogLine'), 5)

/** A log as a web server writes it, with a damaged line in every thousand. */
function writeLog(path: string): string {
  mkdirSync(where, { recursive: true })
  const lines = Array.from({ length: lineCount }, (_, n) =>
    n % 1_000 === 999
      ? '~~ damaged ~~'
      : `10.0.0.${n % 250} - "GET /page/${n % 40}" ${n % 17 === 0 ? 404 : 200} ${512 + (n % 900)}`,
  )
  writeFileSync(path, `${lines.join('\n')}\n`)
  return readFileSync(path, 'utf8')
}

/** Lines with their ids, which follow from where each line stands in the file. */
function* chunks(log: string, size: number): Generator<{ lines: string[]; ids: string[] }> {
  let at = 0
  let lines: string[] = []
  let ids: string[] = []
  for (const line of log.split('\n').slice(0, -1)) {
    lines.push(line)
    ids.push(`access.log@${at}`)
    at += Buffer.byteLength(line) + 1
    if (lines.length < size) continue
    yield { lines, ids }
    lines = []
    ids = []
  }
  if (lines.length > 0) yield { lines, ids }
}
