/*
 * What a run of the suite has shown, beside what is on record in docs/guarantees/*.json. The table in
 * docs/guarantees.md is written from these files, so it says what the last run of each suite said.
 *
 *   HOMING_RECORD=1 node scripts/test.ts test/conformance     writes the files; then `npm run docs`
 */

import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConformanceReport } from '../../src/testing/index.ts'

const directory = join(import.meta.dirname, '../../docs/guarantees')

/** Give it to the suite as `report`: a run that shows something else than the file says fails. */
export const recorded =
  (file: string) =>
  (report: ConformanceReport): void => {
    const path = join(directory, `${file}.json`)
    const text = `${JSON.stringify(report, null, 2)}\n`
    if (process.env.HOMING_RECORD === '1') writeFileSync(path, text)
    else {
      const known: unknown = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
      const how = `docs/guarantees/${file}.json says otherwise; run this test with HOMING_RECORD=1, look at what changed, then npm run docs`
      assert.deepEqual(JSON.parse(text), known, how)
    }
  }
