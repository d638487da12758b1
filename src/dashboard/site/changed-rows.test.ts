import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiveQueuesJson, QueueRowJson } from '../../http/shapes/figures-shapes.ts'
import { changed, keyOf } from './changed-rows.ts'

const row = (name: string, ready: number): QueueRowJson =>
  ({ vhost: '/', name, ready }) as QueueRowJson
const event = (all: boolean, queues: QueueRowJson[], gone: string[] = []): LiveQueuesJson => ({
  atMs: 1,
  all,
  queues,
  gone: gone.map((name) => ({ vhost: '/', name })),
})

test('the first event has all queues, later ones those that changed and those that went', () => {
  const [a, b, c] = [row('a', 1), row('b', 1), row('c', 1)]
  const first = changed(new Map(), event(true, [a, b]))
  const later = changed(first, event(false, [c, row('b', 2)], ['a']))
  assert.deepEqual(
    [...later.values()].map(({ name, ready }) => [name, ready]),
    [
      ['b', 2],
      ['c', 1],
    ],
  )
  assert.equal(later.get(keyOf(c)), c)
  assert.deepEqual([...changed(later, event(true, [a])).values()], [a])
})
