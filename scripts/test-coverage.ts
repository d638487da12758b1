/*
 * Share of the lines of src/ that ran under the tests, and whether it is enough.
 */

import { relative } from 'node:path'
import type { EventData } from 'node:test'

const filesShown = 10

export class Coverage {
  readonly #root: string
  readonly #linesPercentMin: number
  #summary: EventData.TestCoverage['summary'] | undefined
  #trouble = 'the test runner does not say why'

  constructor(root: string, linesPercentMin: number) {
    this.#root = root
    this.#linesPercentMin = linesPercentMin
  }

  /** The runner says why it could not measure, as one remark among others. */
  said(remark: string): void {
    if (remark.includes('code coverage')) this.#trouble = remark
  }

  measured(data: EventData.TestCoverage): void {
    this.#summary = data.summary
  }

  /** What is missing, or undefined when nothing is. */
  shortfall(): string | undefined {
    const percent = this.#summary?.totals.coveredLinePercent
    if (percent === undefined) return `coverage was not measured: ${this.#trouble}`
    if (percent >= this.#linesPercentMin) return undefined
    return `tests run ${percent.toFixed(1)} % of the lines of src/, at least ${this.#linesPercentMin} % are wanted`
  }

  text(): string {
    if (this.#summary === undefined) return ''
    const { totals, files } = this.#summary
    const least = files
      .toSorted((a, b) => a.coveredLinePercent - b.coveredLinePercent)
      .slice(0, filesShown)
      .map((file) => {
        const percent = file.coveredLinePercent.toFixed(1).padStart(6)
        return `  ${percent} %  ${relative(this.#root, file.path)}\n`
      })
    return (
      `\nLines run: ${totals.coveredLinePercent.toFixed(1)} %, branches ` +
      `${totals.coveredBranchPercent.toFixed(1)} %, functions ` +
      `${totals.coveredFunctionPercent.toFixed(1)} %. Least:\n${least.join('')}`
    )
  }
}
