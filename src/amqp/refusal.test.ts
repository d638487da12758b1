import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, errorCodes, HomingError } from '../errors.ts'
import { preconditionFailed } from './protocol/amqp-error.ts'
import { refusalOf } from './refusal.ts'

test('a client is not told of files, users and causes of the machine', () => {
  const secret = "EIO: i/o error, write '/srv/homing/journal-1.log' by user root"
  for (const code of ['disk-failed', 'disk-full', 'not-permitted', 'journal-damaged'] as const) {
    const told = refusalOf(new HomingError(code, secret))
    assert.doesNotMatch(told.replyText, /srv|root|EIO/)
    assert.ok(told.replyText.endsWith(errorCodes[code].meaning.slice(-20)), told.replyText)
  }
  assert.doesNotMatch(refusalOf(new TypeError(secret)).replyText, /srv/)
  assert.equal(refusalOf(new TypeError(secret)).replyCode, 541)
})

test('what is wrong with the call is told in its own words, with the code of its row', () => {
  const told = refusalOf(new HomingError('bad-name', 'the name is empty'))
  assert.deepEqual(
    [told.replyCode, told.replyText, told.scope],
    [406, 'PRECONDITION_FAILED - the name is empty', 'channel'],
  )
  const known = preconditionFailed('x')
  assert.equal(refusalOf(known), known)
  for (const code of Object.keys(errorCodes) as ErrorCode[])
    assert.ok(refusalOf(new HomingError(code, 'x')).replyCode >= 311, code)
})
