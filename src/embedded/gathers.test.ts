import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Gathers, gatheredMessageId } from './gathers.ts'

const request = (id: string, ...memberIds: string[]) => ({
  id,
  memberIds,
  callback: { name: 'done' },
})
const gathered = (gathers: Gathers, id: string, ...memberIds: string[]) =>
  gathers.add({ request: request(id, ...memberIds), remaining: memberIds })

test('a gather is complete with the outcome of its last member, and told of once', () => {
  const gathers = new Gathers()
  const gather = gathered(gathers, 'g', 'a', 'b')
  assert.deepEqual(gathers.finished('a'), [])
  assert.deepEqual(gathers.finished('a'), [])
  assert.deepEqual(gathers.finished('b'), [gather])
  assert.deepEqual(gathers.finished('b'), [])
})

test('a message of two gathers counts for both', () => {
  const gathers = new Gathers()
  const first = gathered(gathers, 'first', 'a')
  const second = gathered(gathers, 'second', 'a', 'b')
  assert.deepEqual(gathers.finished('a'), [first])
  assert.deepEqual(gathers.finished('b'), [second])
})

test('a member named twice counts once', () => {
  const gathers = new Gathers()
  const gather = gathered(gathers, 'g', 'a', 'a')
  assert.deepEqual(gathers.finished('a'), [gather])
})

test('a stranger completes nothing', () => {
  const gathers = new Gathers()
  gathered(gathers, 'g', 'a')
  assert.deepEqual(gathers.finished('other'), [])
  assert.deepEqual(gathers.complete(), [])
})

test('a gather whose callback was told is over; one that a crash cut off is found complete', () => {
  const gathers = new Gathers()
  gathered(gathers, 'told', 'a')
  const left = gathered(gathers, 'left', 'a')
  gathers.finished('a')
  gathers.told(gatheredMessageId('told'))
  assert.deepEqual(gathers.complete(), [left])
  gathers.told('some other message')
  assert.equal(gathers.all.size, 1)
})

test('what a checkpoint keeps of gathers makes them go on where they were', () => {
  const before = new Gathers()
  gathered(before, 'g', 'a', 'b', 'c')
  before.finished('b')
  const after = new Gathers()
  for (const record of JSON.parse(JSON.stringify(before.records()))) after.add(record)
  assert.deepEqual(after.finished('b'), [])
  assert.deepEqual(after.finished('a'), [])
  assert.equal(after.finished('c').length, 1)
  assert.deepEqual(after.records()[0]?.request, request('g', 'a', 'b', 'c'))
})
