/*
 * Gathers what the test runner says and tells it in the end: failures in full with what their file
 * printed, skipped tests with their reasons, and one closing line of counts.
 *
 * A test file is itself an event whose name is its path. It counts only when it broke outside its
 * tests (at loading, after the last test, killed) or had no test at all.
 */

import { relative } from 'node:path'
import type { EventData } from 'node:test'
import { inspect, styleText } from 'node:util'

type Completed = EventData.TestComplete
/** The runner wraps what a test threw and says how it failed. */
type Failure = Error & { readonly failureType?: string }
type Said = EventData.TestStdout | EventData.TestStderr | EventData.TestDiagnostic

interface FileReport {
  tests: number
  failed: number
  output: string
}

const brokenFile = 'broke outside its tests: at loading, after the last test, or by a signal'

/** Path of the test file: the tests of a shared suite stand in another one. */
const pathOf = (data: { entryFile?: string; file?: string }): string =>
  data.entryFile ?? data.file ?? ''

const onlySubtestsFailed = (data: Completed): boolean =>
  (data.details.error as Failure | undefined)?.failureType === 'subtestsFailed'

export class TestReport {
  readonly #root: string
  readonly #skipIsFailure: boolean
  readonly #files = new Map<string, FileReport>()
  readonly #failures: { readonly file: string; readonly text: string }[] = []
  readonly #skips = new Map<string, string[]>()
  #passed = 0
  #skipped = 0

  constructor(root: string, skipIsFailure: boolean) {
    this.#root = root
    this.#skipIsFailure = skipIsFailure
  }

  get failed(): number {
    return this.#failures.length
  }

  completed(data: Completed): void {
    if (data.details.type === 'suite') return
    if (data.file !== undefined && data.name === data.file) this.#fileCompleted(data)
    else this.#testCompleted(data)
  }

  said(data: Said): void {
    const line = data.message.endsWith('\n') ? data.message : `${data.message}\n`
    this.#fileOf(pathOf(data)).output += line
  }

  /** Something besides a test failed. */
  broken(text: string): void {
    this.#failures.push({ file: '', text })
  }

  text(): string {
    const counts = [`${this.#passed} passed`, `${this.failed} failed`]
    if (this.#skipped > 0) counts.push(`${this.#skipped} skipped`)
    return `${this.#failureText()}${this.#skipText()}\n${counts.join(', ')}\n`
  }

  #testCompleted(data: Completed): void {
    const file = this.#fileOf(pathOf(data))
    file.tests++
    const reason = data.skip ?? data.todo
    if (reason !== undefined && reason !== false) this.#skip(data, reason)
    else if (data.details.passed) this.#passed++
    else if (!onlySubtestsFailed(data)) this.#fail(data, file)
  }

  #fileCompleted(data: Completed): void {
    const file = this.#fileOf(pathOf(data))
    const own = !onlySubtestsFailed(data)
    if (!data.details.passed && own) this.#fail(data, file, brokenFile)
    else if (file.tests === 0) this.#fail(data, file, 'has no test that ran')
    const mark = file.failed === 0 ? styleText('green', 'ok') : styleText('red', 'FAILED')
    const seconds = (data.details.duration_ms / 1000).toFixed(1)
    process.stdout.write(`${mark} ${this.#short(data.file)}  ${file.tests} tests, ${seconds} s\n`)
  }

  #fail(data: Completed, file: FileReport, why?: string): void {
    file.failed++
    const error = data.details.error
    const cause = error?.cause ?? error
    const text = why ?? (typeof cause === 'string' ? cause : inspect(cause, { depth: 6 }))
    const where = data.line === undefined ? '' : `:${data.line}`
    const name = data.name === data.file ? '' : `  ${data.name}`
    this.#failures.push({
      file: pathOf(data),
      text: `${this.#short(data.file)}${where}${name}\n${text.replaceAll(/^/gm, '    ')}`,
    })
  }

  #skip(data: Completed, reason: string | boolean): void {
    const text = typeof reason === 'string' && reason !== '' ? reason : 'no reason given'
    if (this.#skipIsFailure) {
      this.#fail(
        data,
        this.#fileOf(pathOf(data)),
        `skipped, which HOMING_NO_SKIP=1 forbids: ${text}`,
      )
      return
    }
    this.#skipped++
    const names = this.#skips.get(text) ?? []
    names.push(`${this.#short(pathOf(data))}  ${data.name}`)
    this.#skips.set(text, names)
  }

  #failureText(): string {
    const texts = this.#failures.map(({ text }) => `\n${styleText('red', 'FAILED')} ${text}\n`)
    for (const file of new Set(this.#failures.map((failure) => failure.file))) {
      const output = this.#files.get(file)?.output ?? ''
      if (output !== '') texts.push(`\n${this.#short(file)} printed:\n${output.slice(-20_000)}\n`)
    }
    return texts.join('')
  }

  #skipText(): string {
    if (this.#skips.size === 0) return ''
    const groups = [...this.#skips].map(
      ([reason, names]) => `  ${reason}:\n${names.map((name) => `    ${name}\n`).join('')}`,
    )
    return `\nSkipped (HOMING_NO_SKIP=1 turns each into a failure):\n${groups.join('')}`
  }

  #fileOf(path: string): FileReport {
    const known = this.#files.get(path)
    if (known !== undefined) return known
    const made = { tests: 0, failed: 0, output: '' }
    this.#files.set(path, made)
    return made
  }

  #short(path: string | undefined): string {
    return path === undefined || path === '' ? '' : relative(this.#root, path)
  }
}
