/*
 * The checker's borders, on histories made by hand: what clients cannot see is no fault, and the same
 * history with one thing more that they can see is one.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkBroker } from './broker-checker.ts'
import type { Happening, HistoryEvent, Received, Sent } from './history.ts'
import { plainQueue, type QueuePlan } from './topology.ts'

/** What happened, and at which millisecond. */
type Step = readonly [atMs: number, happening: Happening]

const limited: QueuePlan = { ...plainQueue, name: 'quorum', type: 'quorum', deliveryLimit: 1 }

const sent: Sent = {
  ...{ token: 'm1', exchange: '', key: 'plain', persistent: true, priority: 0, ttlMs: undefined },
  ...{ digest: 'd', bodyDigest: 'b', tracked: false, id: undefined, awaitsReply: false },
  timed: false,
}

const published = (queue: string, mandatory = false): Happening => ({
  ...{ kind: 'published', publish: 1, channel: 1, seq: 1, tx: 0, mandatory, message: sent },
  routed: { certain: [queue], possible: [] },
})

const received = (redelivered: boolean): Received => ({
  ...{ token: 'm1', redelivered, digest: 'd', bodyDigest: 'b', deaths: 0, from: '', reason: '' },
  replyFor: undefined,
})

const delivered = (channel: number, redelivered: boolean, tag = 1): Happening => ({
  ...{ kind: 'delivered', channel, consumer: undefined, queue: 'plain', tag, noAck: false },
  message: received(redelivered),
})

const settled = (channel: number, told: boolean): Happening => {
  return { kind: 'settled', channel, tags: [1], how: 'requeue', tx: 0, told }
}

const getting = (channel: number, queue: string): Happening => {
  return { kind: 'getting', channel, queue, noAck: false }
}

const leftBy = (channel: number, how: 'close' | 'server'): Happening => {
  return { kind: 'left', channel, how }
}

const confirmed: Happening = { kind: 'confirmed', publish: 1, ok: true }
const emptyEnd: Happening = { kind: 'drained', when: 'end', queues: new Map(), answers: new Map() }

/** Numbers of the invariants that are broken. */
function broken(...steps: readonly Step[]): readonly number[] {
  const all: readonly Step[] = [[0, { kind: 'opened' }], ...steps]
  const events: readonly HistoryEvent[] = all.map(([atMs, happening], n) => {
    return { ...happening, n, life: 0, atMs }
  })
  const found = checkBroker(events, [plainQueue, limited], { slackMs: 50 })
  return [...new Set(found.map(({ number }) => number))].sort((a, b) => a - b)
}

/** Channel 2 has it; what comes next is told by each test. */
const held: readonly Step[] = [
  [1, published('plain')],
  [2, delivered(2, false)],
]

test('a delivery may be seen before the close of the channel that had the message', () => {
  assert.deepEqual(broken(...held, [9, delivered(3, true)], [9, leftBy(2, 'server')]), [])
})

test('a delivery may be seen before the recover-ok of the channel that had the message', () => {
  assert.deepEqual(broken(...held, [9, delivered(3, true)], [9, settled(2, true)]), [])
})

test('somebody who holds a message has it alone: until he gives it back himself', () => {
  assert.deepEqual(broken(...held, [9, delivered(3, true)], [9, settled(2, false)]), [8])
  assert.deepEqual(broken(...held, [9, delivered(3, true)], [9, leftBy(2, 'close')]), [8])
})

test('somebody who holds a message has it alone: until the broker closes, at no other instant', () => {
  assert.deepEqual(broken(...held, [9, delivered(3, true)], [10, leftBy(2, 'server')]), [8])
  assert.deepEqual(broken(...held, [9, delivered(3, true)]), [8])
})

test('somebody who holds a message has it alone: on one connection the order is seen', () => {
  const again = delivered(2, true, 2)
  assert.deepEqual(broken(...held, [9, again], [9, settled(2, true)]), [8])
})

test('two deliveries of one instant may be seen in the other order', () => {
  const first: Step = [1, published('plain')]
  const later: Step = [2, delivered(3, true)]
  const earlier: Step = [2, delivered(2, false)]
  assert.deepEqual(broken(first, later, earlier, [2, leftBy(2, 'server')]), [])
  assert.deepEqual(broken(first, later, earlier), [8, 10])
  assert.deepEqual(broken(first, later, earlier, [3, leftBy(2, 'server')]), [8, 10])
  const unmarked: Step = [2, delivered(3, false)]
  assert.deepEqual(broken(first, unmarked, earlier, [2, leftBy(2, 'server')]), [8, 10])
})

test('a publish that waits to be read may find its queue deleted, and nothing else', () => {
  const returned: Step = [5, { kind: 'returned', publish: 1 }]
  const first: Step = [1, published('plain', true)]
  assert.deepEqual(broken(first, returned), [3])
  assert.deepEqual(broken(first, [4, { kind: 'deleting', queue: 'plain' }], returned), [])
  assert.deepEqual(broken(first, [4, { kind: 'deleting', queue: 'quorum' }], returned), [3])
  assert.deepEqual(broken(first, returned, [6, { kind: 'deleting', queue: 'plain' }]), [3])
})

test('what its channel never sent, or has back already, is not returned', () => {
  const again: Happening = { kind: 'returned-wrongly', channel: 1, token: 'm1' }
  assert.deepEqual(broken([1, published('plain', true)], [2, again]), [3])
})

test('what was confirmed dies of returns that nobody saw, and only of as many as there were', () => {
  const first: readonly Step[] = [
    [1, published('quorum')],
    [2, confirmed],
  ]
  const gone = (channel: number): readonly Step[] => [
    [3, getting(channel, 'quorum')],
    [3, leftBy(channel, 'close')],
  ]
  assert.deepEqual(broken(...first, [9, emptyEnd]), [1])
  assert.deepEqual(broken(...first, ...gone(2), [9, emptyEnd]), [1])
  assert.deepEqual(broken(...first, ...gone(2), ...gone(3), [9, emptyEnd]), [])
  const staying: readonly Step[] = [...gone(2), [4, getting(3, 'quorum')]]
  assert.deepEqual(broken(...first, ...staying, [9, emptyEnd]), [1])
})
