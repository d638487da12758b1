import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HomingError } from './errors.ts'
import { checkId, checkName } from './name.ts'

const refused = (run: () => void, code: string, text: RegExp) =>
  assert.throws(
    run,
    (error) => error instanceof HomingError && error.code === code && text.test(error.message),
  )

test('names of up to 255 bytes pass, in any script', () => {
  checkName('resize', 'the queue name')
  checkName('ü'.repeat(127), 'the queue name')
  checkId('photo:42 / großes Bild')
})

test('a name that is empty, too long, has control characters or is no text is refused', () => {
  refused(() => checkName('', 'the queue name'), 'bad-name', /^the queue name is empty/)
  refused(() => checkName('ü'.repeat(128), 'the queue name'), 'bad-name', /has 256 bytes, 255/)
  refused(() => checkName('a\nb', 'the queue name'), 'bad-name', /control character at position 1/)
  refused(() => checkName('a\ud800', 'the queue name'), 'bad-name', /surrogate/)
  refused(() => checkName(7 as unknown as string, 'the queue name'), 'bad-name', /is number/)
})

test('a message id is held to the same rules', () => {
  refused(() => checkId(''), 'bad-argument', /the message id is empty/)
  refused(() => checkId('x'.repeat(256)), 'bad-argument', /256 bytes/)
})
