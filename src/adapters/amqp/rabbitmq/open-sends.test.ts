import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { OpenSends } from './open-sends.ts'
import type { Carried } from './wire-message.ts'

const sent = (id: string, timeoutMs = 100, body = ''): Carried => ({
  message: {
    ...{ id, idChosen: false, exchange: '', routingKey: 'work', contentType: '', priority: 0 },
    ...{ deadlineAtMs: Number.POSITIVE_INFINITY, availableAtMs: 0, timeoutMs, attemptsMax: 5 },
    ...{ body: Buffer.from(body), meta: undefined },
  },
  ...{ acceptedAtMs: 0, attempts: 0, excused: 0 },
})

const idsOf = (overdue: readonly Carried[]): string[] => overdue.map(({ message }) => message.id)

test('a message is sent again when its queue was seen empty and its time passed twice', () => {
  const open = new OpenSends(10)
  open.add(sent('a'), 0)
  assert.equal(open.suspects(109).queues.size, 0)
  assert.deepEqual([...open.suspects(110).queues], [['work', ['a']]])
  // Its queue was not empty: it is looked at again.
  assert.deepEqual([...open.suspects(120).queues], [['work', ['a']]])
  open.seenEmpty(['a'], 120)
  assert.deepEqual(idsOf(open.suspects(229).overdue), [])
  assert.deepEqual(idsOf(open.suspects(230).overdue), ['a'])
  // And from the beginning.
  assert.deepEqual(idsOf(open.suspects(231).overdue), [])
  assert.equal(open.suspects(231).queues.size, 0)
})

test('a sign of its consumer begins the time anew, an outcome ends it', () => {
  const open = new OpenSends(10)
  open.add(sent('a'), 0)
  open.seenEmpty(['a'], 110)
  open.sign('a', 5_000)
  assert.equal(open.delayed('work', 4_999), 1)
  assert.equal(open.suspects(5_100).queues.size, 0)
  assert.equal(open.suspects(5_110).queues.size, 1)
  open.delete('a')
  assert.equal(open.suspects(9_999).queues.size, 0)
  assert.equal(open.has('a'), false)
})

test('a message without a time-out is never held for lost', () => {
  const open = new OpenSends(10)
  open.add(sent('a', 0), 0)
  assert.equal(open.suspects(1e12).queues.size, 0)
})

test('past the bound in bytes the oldest are no longer kept', () => {
  const open = new OpenSends(10, 4_000)
  for (let n = 0; n < 10; n++) open.add(sent(`${n}`, 100, 'x'.repeat(488)), 0)
  assert.equal(open.size, 4)
  assert.equal(open.has('5'), false)
  assert.equal(open.has('6'), true)
})
