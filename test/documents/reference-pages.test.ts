import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { limitMeanings, referencePages } from '../../scripts/reference-pages.ts'
import { errorCodes } from '../../src/errors.ts'
import { limits } from '../../src/limits.ts'
import { builtinCodes } from '../../src/message/outcome.ts'
import { root } from '../tidy/source-file.ts'

for (const { path, text } of referencePages()) {
  test(`${path} equals the tables in the code`, () => {
    assert.equal(readFileSync(join(root, path), 'utf8'), text, 'run: npm run docs')
  })
}

test('every limit has a sentence that says what it bounds', () => {
  const meanings = limitMeanings()
  const silent = Object.keys(limits).filter((name) => !meanings.get(name)?.endsWith('.'))
  assert.deepEqual(silent, [])
})

test('every code and every limit stands on its page', () => {
  const [errors, bounds] = referencePages().map(({ text }) => text)
  for (const code of [...Object.keys(errorCodes), ...Object.keys(builtinCodes)])
    assert.ok(errors?.includes(`| \`${code}\` |`), code)
  for (const name of Object.keys(limits)) assert.ok(bounds?.includes(`| \`${name}\` |`), name)
})
