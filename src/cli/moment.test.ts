import assert from 'node:assert/strict'
import { test } from 'node:test'
import { momentFrom } from './moment.ts'

const nowMs = Date.parse('2026-11-21T12:00:00Z')

test('a moment is so long ago, or a date and time', () => {
  assert.equal(momentFrom('90m', '--since', nowMs).toISOString(), '2026-11-21T10:30:00.000Z')
  assert.equal(momentFrom('1.5h', '--since', nowMs).toISOString(), '2026-11-21T10:30:00.000Z')
  assert.equal(momentFrom('2026-11-01T00:00Z', '--since').toISOString(), '2026-11-01T00:00:00.000Z')
})

test('what is neither is refused, naming the option', () => {
  for (const text of ['', 'yesterday', '5', '-5m', '2026-99-01', '1 h']) {
    assert.throws(() => momentFrom(text, '--since', nowMs), /--since is/)
  }
})
