import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exitCodes, exitFor } from './exit-codes.ts'

test('no two exits have one code', () => {
  const codes = Object.values(exitCodes).map(({ code }) => code)
  assert.equal(new Set(codes).size, codes.length)
})

test('the code of an error says how the command ends', () => {
  assert.equal(exitFor('locked'), 'locked')
  assert.equal(exitFor('disk-full'), 'full')
  assert.equal(exitFor('toString'), 'failed')
  assert.equal(exitFor('NotAnImage'), 'failed')
})
