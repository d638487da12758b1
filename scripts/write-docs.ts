/*
 * Writes the pages of docs/ that are tables of the code. Run after a change to src/errors.ts,
 * src/limits.ts or src/message/outcome.ts, and after the conformance suite has recorded something new
 * in docs/guarantees: `npm run docs`.
 */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { referencePages } from './reference-pages.ts'

for (const { path, text } of referencePages()) {
  writeFileSync(join(import.meta.dirname, '..', path), text)
  process.stdout.write(`wrote ${path}\n`)
}
