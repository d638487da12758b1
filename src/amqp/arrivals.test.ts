import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Arrivals } from './arrivals.ts'

function door(limits: ConstructorParameters<typeof Arrivals>[0]) {
  const arrivals = new Arrivals(limits)
  const refusals: string[] = []
  return {
    arrivals,
    refusals,
    come: (from: string) => arrivals.arrive(from, (why) => refusals.push(why)),
  }
}

test('one address cannot fill the door for the others', () => {
  const { come, refusals } = door({ handshakesPerAddressMax: 2 })
  const [first] = [come('a'), come('a')]
  assert.equal(come('a'), undefined)
  assert.match(refusals.join(), /2 connections from this address have not logged in yet/)
  assert.ok(come('b'))
  first?.opened()
  assert.ok(come('a'))
})

test('who has not logged in cannot keep out more than there is room for them', () => {
  const { come, refusals } = door({ handshakesMax: 1 })
  const first = come('a')
  assert.equal(come('b'), undefined)
  assert.match(refusals.join(), /1 connections have not logged in yet/)
  first?.left()
  assert.ok(come('b'))
})

test('connections are capped, in all and by address, and one that left is counted once', () => {
  const { arrivals, come, refusals } = door({ connectionsMax: 3, connectionsPerAddressMax: 2 })
  const [first] = [come('a'), come('a')]
  assert.equal(come('a'), undefined)
  const third = come('b')
  assert.equal(come('c'), undefined)
  assert.deepEqual(refusals, [
    'there are 2 connections from this address',
    'there are 3 connections',
  ])
  first?.opened()
  first?.left()
  first?.left()
  first?.opened()
  third?.left()
  assert.equal(arrivals.count, 1)
  assert.ok(come('a'))
})
