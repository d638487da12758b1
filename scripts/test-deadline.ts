/*
 * Loaded into the process of each test file by scripts/test.ts: ends it when it runs too long, and
 * keeps what it starts from measuring coverage.
 *
 * The test runner's own time limit needs a living event loop and knows only tests. A loop that never
 * yields, or a handle left open after the last test, would hang the run; a thread of its own sees both.
 */

import { isMainThread, Worker } from 'node:worker_threads'

/** One test file, from start to exit. */
const fileMsMax = 270_000

const watch = `
  const { workerData } = require('node:worker_threads')
  const { writeSync } = require('node:fs')
  setTimeout(() => {
    writeSync(2, workerData.file + ' still runs after ' + workerData.ms / 1000 +
      ' s: a loop never yields, or a handle stays open after the last test\\n')
    process.kill(process.pid, 'SIGKILL')
  }, workerData.ms)
`

if (isMainThread) {
  // This process measures already. Threads and programs begun by it would, too, and one that is
  // ended while it writes leaves half a file, after which the runner reports no coverage at all.
  delete process.env.NODE_V8_COVERAGE
  const file = process.argv[1] ?? 'a test file'
  new Worker(watch, { eval: true, execArgv: [], workerData: { file, ms: fileMsMax } }).unref()
}
