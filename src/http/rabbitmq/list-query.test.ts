import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ListQuery, listed } from './list-query.ts'

const rows = [
  { name: 'b', vhost: '/', messages: 10, stats: { publish: 1, details: { rate: 2.5 } } },
  { name: 'a', vhost: '/', messages: 9, stats: { publish: 3, details: { rate: 0 } } },
  { name: 'Ab', vhost: 'x', messages: 100, stats: undefined },
]

const ask = (query: ListQuery): unknown => listed(rows, query, ['vhost', 'name']).json
const names = (query: ListQuery): readonly string[] =>
  (ask(query) as readonly { readonly name: string }[]).map(({ name }) => name)

test('a list is sorted as RabbitMQ sorts it, and as it is asked for', () => {
  assert.deepEqual(names({}), ['a', 'b', 'Ab'])
  assert.deepEqual(names({ sort: 'messages' }), ['a', 'b', 'Ab'])
  assert.deepEqual(names({ sort: 'messages', sort_reverse: 'true' }), ['Ab', 'b', 'a'])
  assert.deepEqual(names({ sort: 'stats.publish' }), ['Ab', 'b', 'a'])
  assert.deepEqual(names({ sort: 'no.such.member' }), ['a', 'b', 'Ab'])
})

test('columns are members of rows, also within objects', () => {
  assert.deepEqual(ask({ columns: 'name,stats.details.rate' }), [
    { name: 'a', stats: { details: { rate: 0 } } },
    { name: 'b', stats: { details: { rate: 2.5 } } },
    { name: 'Ab' },
  ])
  assert.deepEqual(ask({ columns: 'none, name.length ,__proto__' }), [{}, {}, {}])
})

test('names are found by a part or an expression, whatever the case', () => {
  assert.deepEqual(names({ name: 'B' }), ['b', 'Ab'])
  assert.deepEqual(names({ name: '^a', use_regex: 'true' }), ['a', 'Ab'])
  assert.deepEqual(names({ name: '^a', use_regex: 'false' }), [])
  assert.throws(() => ask({ name: '(', use_regex: 'true' }), { code: 'bad-argument' })
})

// It would not come back otherwise.
test('an expression made to take for ever finds nothing and comes back', () => {
  const long = [{ name: 'a'.repeat(200) }]
  const query: ListQuery = { name: '(a+)+(b|c)$', use_regex: 'true' }
  assert.deepEqual(listed(long, query, ['name']).json, [])
})

test('a page tells how many there are', () => {
  assert.deepEqual(ask({ page: '2', page_size: '2', columns: 'name' }), {
    ...{ items: [{ name: 'Ab' }], page: 2, page_count: 2, page_size: 2 },
    ...{ item_count: 1, filtered_count: 3, total_count: 3 },
  })
  assert.deepEqual(ask({ page: '1', name: 'none' }), {
    ...{ items: [], page: 1, page_count: 0, page_size: 100 },
    ...{ item_count: 0, filtered_count: 0, total_count: 3 },
  })
  assert.equal((ask({ page: '1', pagination: 'false' }) as object[]).length, 3)
  for (const query of [{ page: '0' }, { page: '2' }, { page: '1', page_size: '501' }])
    assert.throws(() => ask(query), { code: 'bad-argument' })
})
