/*
 * Runs the tests: every src/**\/*.test.ts and test/**\/*.test.ts, two files at a time.
 *
 *   node scripts/test.ts                      all of them
 *   node scripts/test.ts test/tidy src/queue  those whose path starts with or contains a given part
 *   node scripts/test.ts --coverage           and the share of lines that ran; fails below the floor
 *   HOMING_NO_SKIP=1 node scripts/test.ts     a skipped test is a failure
 *
 * Rules: nothing hangs (a test has testMsMax, a file fileMsMax), a file without a test is a failure,
 * the last line is `N passed, N failed`, with `, N skipped` when some were, and the exit code is
 * true to it.
 */

import { globSync } from 'node:fs'
import { join } from 'node:path'
import { run } from 'node:test'
import { parseArgs } from 'node:util'
import { Coverage } from './test-coverage.ts'
import { TestReport } from './test-report.ts'

const root = join(import.meta.dirname, '..')

/** One test, unless it names its own `timeout`. */
const testMsMax = 60_000
const filesAtOnce = 2
/** Without a word of any file, after which the run ends: longer than a file may take. */
const silenceMsMax = 330_000
/** Share of lines of src/ that tests must run. Raise it, never lower it. */
const linesPercentMin = 97

const { values, positionals } = parseArgs({
  options: { coverage: { type: 'boolean', default: false } },
  allowPositionals: true,
})

// The long ones are begun first, so that they do not leave one core idle at the end.
const longest = [
  'test/{crash,simulation}/**/*.test.ts',
  'test/{browser,cli,documents,package}/**/*.test.ts',
]
const files = [...longest, 'test/**/*.test.ts', 'src/**/*.test.ts']
  .flatMap((pattern) => globSync(pattern, { cwd: root }).toSorted())
  .filter((file, index, all) => all.indexOf(file) === index)
  .filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)))

const report = new TestReport(root, process.env.HOMING_NO_SKIP === '1')
const coverage = new Coverage(root, linesPercentMin)

function end(): void {
  process.stdout.write(values.coverage ? coverage.text() : '')
  process.stdout.write(report.text())
  process.exitCode = report.failed > 0 ? 1 : 0
}

// A process that hangs at its very end has no thread left that could end it.
const silence = setTimeout(() => {
  report.broken(`no test ended for ${silenceMsMax / 1000} s: a test file hangs at its exit`)
  end()
  process.exit()
}, silenceMsMax)

if (files.length === 0) report.broken(`no test file matches ${positionals.join(', ')}`)
else {
  const events = run({
    cwd: root,
    files: files.map((file) => join(root, file)),
    concurrency: filesAtOnce,
    timeout: testMsMax,
    execArgv: ['--import', join(import.meta.dirname, 'test-deadline.ts')],
    coverage: values.coverage,
    coverageIncludeGlobs: ['src/**/*.ts'],
    coverageExcludeGlobs: ['**/*.test.ts'],
  })
  for await (const event of events) {
    silence.refresh()
    if (event.type === 'test:complete') report.completed(event.data)
    else if (event.type === 'test:stdout' || event.type === 'test:stderr') report.said(event.data)
    else if (event.type === 'test:diagnostic' && event.data.entryFile) report.said(event.data)
    else if (event.type === 'test:diagnostic') coverage.said(event.data.message)
    else if (event.type === 'test:coverage') coverage.measured(event.data)
  }
  if (values.coverage && positionals.length === 0) {
    const shortfall = coverage.shortfall()
    if (shortfall !== undefined) report.broken(shortfall)
  }
}

clearTimeout(silence)
end()
