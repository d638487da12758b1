import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AttemptJson, StoryJson } from '../../http/shapes/story-shapes.ts'
import { laneOf, timelineOf } from './timeline.ts'

const attempt = (number: number, more: Partial<AttemptJson> = {}): AttemptJson => ({
  number,
  end: 'failed',
  deliveredAtMs: number * 100,
  endedAtMs: number * 100 + 50,
  ...more,
})

const story = (more: Partial<StoryJson> = {}): StoryJson => ({
  id: 'm1',
  vhost: '/',
  state: 'final',
  queue: 'orders',
  acceptedAtMs: 0,
  attemptsMade: 0,
  attempts: [],
  isDeadLetter: false,
  callbacks: [],
  childIds: [],
  ...more,
})

const outcome = (code: string): NonNullable<StoryJson['outcome']> => ({
  id: 'm1',
  vhost: '/',
  queue: 'orders',
  code,
  contentType: 'application/json',
  bodyBytes: 0,
  bodyBase64: '',
  attempts: 2,
  acceptedAtMs: 0,
  finishedAtMs: 1_000,
})

const kinds = (told: StoryJson): readonly string[] => timelineOf(told, 500).map(({ kind }) => kind)

test('a message that failed twice and was told ends with its callback', () => {
  const told = story({
    attemptsMade: 2,
    attempts: [attempt(1), attempt(2, { end: 'settled' })],
    outcome: outcome('thrown'),
    isDeadLetter: true,
    replayedAs: 'm2',
    callbacks: [
      { name: 'report', kind: 'callback', state: 'told', tries: [attempt(1)], triesMade: 1 },
    ],
  })
  assert.deepEqual(kinds(told), [
    'accepted',
    'attempt',
    'attempt',
    'outcome',
    'dead',
    'callback',
    'callback-try',
    'replayed',
  ])
})

test('attempts that are not kept are counted where they were', () => {
  const told = story({ attemptsMade: 9, attempts: [attempt(1), attempt(6)] })
  assert.deepEqual(
    timelineOf(told, 0).map((event) => ('count' in event ? event.count : event.kind)),
    ['accepted', 'attempt', 4, 'attempt', 3],
  )
})

test('what a message waits for comes last while it is not home', () => {
  assert.deepEqual(kinds(story({ state: 'ready' })), ['accepted', 'waits'])
  assert.deepEqual(kinds(story({ state: 'delayed', availableAtMs: 900 })), ['accepted', 'delayed'])
  const again = story({
    state: 'delayed',
    availableAtMs: 900,
    attemptsMade: 1,
    attempts: [attempt(1)],
  })
  assert.deepEqual(kinds(again), ['accepted', 'attempt', 'waits'])
})

test('of many tries of a callback the last two are events, the others one', () => {
  const tries = [1, 2, 3, 4, 5].map((number) => attempt(number))
  const callback = { name: 'report', kind: 'callback', state: 'dead', tries, triesMade: 5 } as const
  const [, , folded, ...last] = timelineOf(story({ callbacks: [callback] }), 0)
  assert.deepEqual(folded, { kind: 'folded', atMs: undefined, attempts: tries.slice(0, 3) })
  assert.deepEqual(
    last.map((event) => 'attempt' in event && event.attempt.number),
    [4, 5],
  )
})

test('the lane of an attempt lies within the time of the message', () => {
  const told = story({ outcome: outcome('ok') })
  assert.deepEqual(laneOf(told, attempt(1), 5_000), { left: 10, width: 5 })
  assert.deepEqual(laneOf(told, attempt(1, { endedAtMs: 9_000 }), 5_000), { left: 10, width: 90 })
  const { deliveredAtMs: _, ...unknown } = attempt(1)
  assert.equal(laneOf(told, unknown, 5_000), undefined)
  assert.equal(laneOf(story(), attempt(1), 0), undefined)
})
