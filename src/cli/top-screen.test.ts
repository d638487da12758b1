import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { QueueStats } from '../index.ts'
import { textWidth } from './text-width.ts'
import { type Look, screenLines, summaryOf } from './top-screen.ts'

const machine = {
  process: 71,
  memoryBytes: 98_671_000,
  diskFreeBytes: 13_207_024_435,
  dataBytes: 5_000_000,
}

const queue = (name: string, more: Partial<QueueStats> = {}): QueueStats => ({
  ...{ name, ready: 0, unsettled: 0, delayed: 0, dead: 0, consumers: 0 },
  ...{ accepted: 0, delivered: 0, settled: 0 },
  ...more,
})

const look = (atMs: number, ...queues: readonly QueueStats[]): Look => ({ atMs, queues, machine })

const texts = { where: './data', note: 'q ends', bold: (text: string) => text }

test('rates are per second between two looks, the busiest queue stands first, then the fullest', () => {
  const before = look(0, queue('a', { accepted: 10, settled: 4 }), queue('b'), queue('full'))
  const now = look(
    2_000,
    queue('full', { ready: 9, dead: 2 }),
    queue('a', { accepted: 30, settled: 24, ready: 6, unsettled: 1, delayed: 2 }),
    queue('b'),
    queue('new', { accepted: 1_000 }),
  )
  const summary = summaryOf(before, now)
  assert.deepEqual(
    summary.queues.map(({ name }) => name),
    ['a', 'full', 'b', 'new'],
  )
  assert.deepEqual(summary.rates, { accepted: 10, delivered: 0, settled: 10 })
  assert.deepEqual([summary.notHome, summary.ready, summary.dead], [18, 15, 2])
})

test('a server that was started again counts from 0, and that is no rate', () => {
  const before = look(0, queue('a', { accepted: 500, settled: 400 }))
  const { rates } = summaryOf(before, look(1_000, queue('a', { accepted: 3 })))
  assert.deepEqual(rates, { accepted: 0, delivered: 0, settled: 0 })
})

test('a hundred queues of long names fit a screen of 80 by 24, and it says how many are not shown', () => {
  const many = Array.from({ length: 100 }, (_, n) =>
    queue(`${'long.'.repeat(20)}${n}\u001b[2J`, { ready: 1e9, accepted: 1e12 }),
  )
  const summary = summaryOf(look(0, ...many), look(1_000, ...many))
  const lines = screenLines(summary, machine, { columns: 80, rows: 24, ...texts })
  assert.equal(lines.length, 24)
  for (const line of lines) assert.ok(textWidth(line) <= 80, line)
  assert.ok(!lines.join('').includes('\u001b'))
  assert.match(lines[0] ?? '', /^homing top · \.\/data · process 71, 94\.1 MiB/)
  assert.match(lines.at(-1) ?? '', /q ends · 82 more queues/)
  for (const size of [
    { columns: 10, rows: 3 },
    { columns: 300, rows: 60 },
  ]) {
    const drawn = screenLines(summary, machine, { ...size, ...texts })
    assert.ok(drawn.length <= size.rows)
  }
})

test('without queues, and where nothing is known of the machine, it says so', () => {
  const unknown = {
    process: undefined,
    memoryBytes: undefined,
    diskFreeBytes: undefined,
    dataBytes: undefined,
  }
  const lines = screenLines(summaryOf(look(0), look(1)), unknown, {
    ...{ columns: 80, rows: 24 },
    ...texts,
  })
  assert.deepEqual(lines, [
    'homing top · ./data',
    'in 0/s   delivered 0/s   settled 0/s   not yet home 0   dead 0',
    'ready 0   in work 0   delayed 0   consumers 0   queues 0',
    '',
    'no queues',
    'q ends',
  ])
})
