import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HomingError } from './errors.ts'
import { checkOptions, nearestName } from './known-options.ts'

const known = new Set(['attempts', 'within', 'timeout'])

test('a misspelt option is refused and the nearest known one is named', () => {
  assert.throws(
    () => checkOptions({ atempts: 3 }, known, 'queue "q"'),
    (error) =>
      error instanceof HomingError &&
      error.code === 'unknown-option' &&
      /queue "q" has no option "atempts"; did you mean "attempts"\?/.test(error.message),
  )
})

test('an option like no other is refused with the list of those that exist', () => {
  assert.throws(
    () => checkOptions({ zzzzzzzzzzzz: 1 }, known, 'send'),
    /known are: attempts, timeout/,
  )
})

test('known options pass, also none', () => {
  checkOptions({ within: 1 }, known, 'send')
  checkOptions({}, known, 'send')
})

test('options that are not an object are refused', () => {
  assert.throws(() => checkOptions('30s' as unknown as object, known, 'send'), /give an object/)
  assert.throws(() => checkOptions(null as unknown as object, known, 'send'), /are null/)
})

test('the nearest name ignores case and refuses the far-fetched', () => {
  assert.equal(nearestName('Timeout', known), 'timeout')
  assert.equal(nearestName('x', known), undefined)
})
