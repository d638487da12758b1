import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, type OwnerDeath } from './kill-judge.ts'
import type { Note, NoteBody } from './kill-plan.ts'

const outcome = (id: string, run = '0.0.1'): string =>
  JSON.stringify({ ok: true, id, value: { id, run } })

/** A message as it should be, by one process. */
const good: readonly NoteBody[] = [
  { what: 'open' },
  { what: 'sending', id: 'a', callback: true },
  { what: 'begun', id: 'a', attempt: 1 },
  { what: 'confirmed', id: 'a', callback: true },
  { what: 'waiting', id: 'a', waiter: '0.0/1' },
  { what: 'told', id: 'a', waiter: '0.0/1', outcome: outcome('a') },
  { what: 'called', id: 'a', outcome: outcome('a') },
  { what: 'quiet' },
]

const notes = (bodies: readonly NoteBody[]): readonly Note[] =>
  bodies.map((body, at) => ({ at, life: '0.0', ...body }) as Note)

function violations(
  bodies: readonly NoteBody[],
  answer = outcome('a'),
  ownerDeaths: readonly OwnerDeath[] = [],
): readonly string[] {
  const answers = new Map([['a', { state: 'final', outcome: answer }]])
  return judge(notes(bodies), answers, ownerDeaths).violations
}

const without = (what: Note['what']): readonly NoteBody[] =>
  good.filter((note) => note.what !== what)

test('what is as it should be is no violation', () => {
  assert.deepEqual(violations(good), [])
})

test('each broken promise is found', () => {
  const lost = judge(notes(good), new Map([['a', { state: 'pending' }]]), []).violations
  assert.match(lost[0] ?? '', /a was confirmed to 0\.0 and is pending at the end/)
  assert.match(violations(good, outcome('a', '9.9.9'))[0] ?? '', /was told .* and .* stands/)
  assert.match(violations(good, outcome('b'))[0] ?? '', /which nobody asked for/)
  assert.deepEqual(violations(without('told')), ['0.0/1 was never told of a'])
  assert.deepEqual(violations(without('called')), ['the callback of a was never called'])
  const refused: NoteBody = { what: 'refused', id: 'b', code: 'unreachable' }
  assert.deepEqual(violations([...good, refused]), ['the send of b failed with unreachable'])
  const untold: NoteBody = { what: 'untold', id: 'a', waiter: '0.0/2', code: 'timeout' }
  assert.deepEqual(violations([...good, untold]), ['0.0/2 waited for a: timeout'])
})

test('an attempt that began twice is found, unless its owner died before the confirm', () => {
  const again: readonly NoteBody[] = [...good, { what: 'begun', id: 'a', attempt: 1 }]
  assert.deepEqual(violations(again), ['attempt 1 of a was begun by 0.0 and by 0.0'])
  assert.equal(
    violations(again, outcome('a'), [{ fromMs: 5, untilMs: 5 }]).length,
    1,
    'it was confirmed by then',
  )
  assert.deepEqual(violations(again, outcome('a'), [{ fromMs: 2.5, untilMs: 2.5 }]), [])
})

test('who died while it waited is owed nothing', () => {
  assert.deepEqual(violations(without('told').filter(({ what }) => what !== 'quiet')), [])
})
