import assert from 'node:assert/strict'
import { test } from 'node:test'
import { preferenceFrom } from './prefer.ts'

test('how long a client would wait is read from Prefer, and cut at the limit', () => {
  const read = (prefer: string | null): readonly unknown[] => {
    const { waitMs, applied } = preferenceFrom(prefer)
    return [waitMs, applied]
  }
  assert.deepEqual(read(null), [0, undefined])
  assert.deepEqual(read('wait=30'), [30_000, 'wait=30'])
  assert.deepEqual(read('return=minimal, Wait = "7"; x'), [7_000, 'wait=7'])
  assert.deepEqual(read('respond-async'), [0, 'respond-async'])
  assert.deepEqual(read('respond-async, wait=3'), [3_000, 'wait=3'])
  assert.deepEqual(read('wait=99999'), [300_000, 'wait=300'])
  for (const none of ['', 'wait', 'wait=-1', 'wait=1.5', 'wait=soon', 'await=3', 'wait=3s']) {
    assert.deepEqual(read(none), [0, undefined], none)
  }
})
