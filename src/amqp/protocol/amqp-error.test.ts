import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as errors from './amqp-error.ts'

test('a refusal carries the code, its name before the text, and what it closes', () => {
  const error = errors.notFound("no queue 'x' in vhost '/'")
  assert.ok(error instanceof Error)
  assert.equal(error.replyCode, 404)
  assert.equal(error.replyText, "NOT_FOUND - no queue 'x' in vhost '/'")
  assert.equal(error.message, error.replyText)
  assert.equal(error.scope, 'channel')
  assert.deepEqual([error.classId, error.methodId], [0, 0])
})

test('soft errors close the channel, hard errors the connection, unless it is said otherwise', () => {
  const codes = (scope: errors.ErrorScope) =>
    Object.values(errors)
      .filter((value): value is errors.Refusal => value !== errors.AmqpError)
      .map((refuse) => refuse('text'))
      .filter((error) => error.scope === scope)
      .map((error) => error.replyCode)
  assert.deepEqual(
    codes('channel').toSorted((a, b) => a - b),
    [311, 312, 313, 403, 404, 405, 406],
  )
  assert.deepEqual(
    codes('connection').toSorted((a, b) => a - b),
    [320, 402, 501, 502, 503, 504, 505, 506, 530, 540, 541],
  )
  assert.equal(errors.accessRefused('login', 'connection').scope, 'connection')
})

test('a reply text is cut to a short string, between characters', () => {
  const { replyText } = errors.notFound(`no queue '${'é'.repeat(255)}'`)
  assert.ok(Buffer.byteLength(replyText) <= 255)
  assert.ok(Buffer.byteLength(replyText) >= 254)
  assert.match(replyText, /^NOT_FOUND - no queue 'é+\.\.\.$/)
  assert.equal(errors.notFound('x'.repeat(243)).replyText.length, 255)
})
