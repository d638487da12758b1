import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../limits.ts'
import { BodyRoom } from './body-room.ts'

test('bodies take no more room at once than the limit, and give it back', () => {
  const room = new BodyRoom()
  const half = limits.httpBodiesBytesMax / 2
  const [one, two, three] = [room.open(), room.open(), room.open()]
  one.need(half)
  two.need(100_000)
  two.need(half)
  assert.equal(room.taken, 2 * half)
  assert.throws(() => three.need(100_000), { code: 'memory-full' })
  three.need(1_000)
  two[Symbol.dispose]()
  two[Symbol.dispose]()
  assert.equal(room.taken, half)
  three.need(100_000)
  one[Symbol.dispose]()
  three[Symbol.dispose]()
  assert.equal(room.taken, 0)
})
