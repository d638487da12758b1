import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredOutcome } from '../../../message/outcome.ts'
import { Waiters } from './waiters.ts'

const outcome: StoredOutcome = {
  ...{ id: 'a', queue: 'q', code: 'ok', contentType: '', body: new Uint8Array() },
  ...{ attempts: 1, acceptedAtMs: 1, finishedAtMs: 2 },
}

test('all who wait for an id are told once, though one of them throws and one has left', () => {
  const problems: string[] = []
  const told: string[] = []
  const waiters = new Waiters((text) => problems.push(text))
  const same = (): void => void told.push('same')
  waiters.add('a', same)
  waiters.add('a', same)
  const leave = waiters.add('a', () => told.push('left'))
  waiters.add('a', () => {
    throw new Error('mine')
  })
  leave()
  leave()
  waiters.tell(outcome)
  waiters.tell(outcome)
  assert.deepEqual(told, ['same', 'same'])
  assert.equal(problems.length, 1)
  assert.match(problems[0] ?? '', /message a threw: Error: mine/)
  assert.equal(waiters.has('a'), false)
})

test('when the only one leaves nobody waits, and an old leave does not end a new wait', async () => {
  const waiters = new Waiters((text) => assert.fail(text))
  const leave = waiters.add('a', () => assert.fail('it has left'))
  leave()
  assert.equal(waiters.has('a'), false)
  const { promise, resolve } = Promise.withResolvers<StoredOutcome>()
  waiters.add('a', resolve)
  leave()
  assert.equal(waiters.has('a'), true)
  waiters.tell(outcome)
  assert.equal(await promise, outcome)
})
