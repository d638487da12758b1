import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Change, type DefinitionsState, emptyState } from './definitions-state.ts'
import { matchesPattern, patternFault } from './permission-pattern.ts'
import { authorize, authorizeTopic, mayEnter } from './permissions.ts'
import {
  addUser,
  clearPermission,
  clearTopicPermission,
  deleteUser,
  setPermission,
  setTopicPermission,
} from './user-changes.ts'
import { addVirtualHost, deleteVirtualHost } from './virtual-host-changes.ts'

const after = (state: DefinitionsState, ...changes: readonly Change[]): DefinitionsState =>
  changes.reduce((last, change) => change(last), state)

const shop = after(
  emptyState,
  addVirtualHost('/'),
  addVirtualHost('other'),
  addUser({ name: 'boss', passwordHash: undefined, tags: ['administrator'] }),
  addUser({ name: 'clerk', passwordHash: undefined }),
  setPermission({ user: 'clerk', vhost: '/', configure: '', write: '^orders', read: '^(a|b)$' }),
)

test('a right is had where a pattern says so, and nowhere else', () => {
  const cases: readonly (readonly [
    string,
    string,
    'configure' | 'write' | 'read',
    string,
    boolean,
  ])[] = [
    ['clerk', '/', 'configure', 'orders', false],
    ['clerk', '/', 'configure', '', false],
    ['clerk', '/', 'write', 'orders', true],
    ['clerk', '/', 'write', 'orders.eu', true],
    ['clerk', '/', 'write', 'my orders', false],
    ['clerk', '/', 'write', '', false],
    ['clerk', '/', 'read', 'a', true],
    ['clerk', '/', 'read', 'ab', false],
    ['clerk', 'other', 'read', 'a', false],
    ['boss', '/', 'read', 'a', false],
    ['nobody', '/', 'read', 'a', false],
    ['__proto__', '/', 'read', 'a', false],
    ['clerk', 'nowhere', 'read', 'a', false],
  ]
  for (const [user, vhost, right, resource, may] of cases) {
    const asked = `${user} ${right} "${resource}" in ${vhost}`
    assert.equal(authorize(shop, { user, vhost, right, resource }), may, asked)
  }
})

test('an administrator has no right on queues by that alone, and enters no virtual host', () => {
  assert.equal(mayEnter(shop, 'boss', '/'), false)
  assert.equal(mayEnter(shop, 'clerk', '/'), true)
  assert.equal(mayEnter(shop, 'clerk', 'other'), false)
})

test('the default exchange is asked about by the name amq.default', () => {
  const state = after(
    shop,
    setPermission({ user: 'boss', vhost: '/', configure: '', write: '^amq\\.default$', read: '' }),
  )
  assert.equal(authorize(state, { user: 'boss', vhost: '/', right: 'write', resource: '' }), true)
})

test('routing keys of a topic exchange are free until something is said of that exchange', () => {
  const ask = (state: DefinitionsState, exchange: string, routingKey: string): boolean =>
    authorizeTopic(state, { user: 'clerk', vhost: '/', right: 'write', exchange, routingKey })
  assert.equal(ask(shop, 'news', 'eu.sport'), true)
  const rule = { user: 'clerk', vhost: '/', exchange: 'news', read: '.*' }
  const state = after(shop, setTopicPermission({ ...rule, write: '^{username}\\.' }))
  assert.equal(ask(state, 'news', 'clerk.sport'), true)
  assert.equal(ask(state, 'news', 'boss.sport'), false)
  assert.equal(ask(state, 'weather', 'boss.sport'), true)
  assert.equal(ask(after(state, clearTopicPermission('clerk', '/')), 'news', 'boss.x'), true)
})

test('a user whose name spells a pattern matches that name only', () => {
  const name = '.*|x'
  const state = after(
    shop,
    addUser({ name, passwordHash: undefined }),
    setTopicPermission({
      user: name,
      vhost: '/',
      exchange: 'news',
      write: '^{username}$',
      read: '',
    }),
  )
  const ask = (routingKey: string): boolean =>
    authorizeTopic(state, { user: name, vhost: '/', right: 'write', exchange: 'news', routingKey })
  assert.deepEqual([ask('anything'), ask('x'), ask('.*|x')], [false, false, true])
})

test('a user who is deleted and added again has no right that was left over', () => {
  const again = after(
    shop,
    deleteUser('clerk'),
    addUser({ name: 'clerk', passwordHash: undefined }),
  )
  assert.equal(mayEnter(again, 'clerk', '/'), false)
  const vhostAgain = after(shop, deleteVirtualHost('/'), addVirtualHost('/'))
  assert.equal(mayEnter(vhostAgain, 'clerk', '/'), false)
  assert.equal(mayEnter(after(shop, clearPermission('clerk', '/')), 'clerk', '/'), false)
})

test('permissions are of users and virtual hosts that there are, and of patterns that can be read', () => {
  const rule = { user: 'clerk', vhost: '/', configure: '', write: '', read: '' }
  const refused = (change: Change, code: string): void => {
    assert.throws(() => change(shop), { code })
  }
  refused(setPermission({ ...rule, user: 'nobody' }), 'definition-unknown')
  refused(setPermission({ ...rule, vhost: 'nowhere' }), 'definition-unknown')
  refused(setPermission({ ...rule, write: '(' }), 'bad-argument')
  refused(addUser({ name: 'clerk', passwordHash: undefined }), 'definition-exists')
  refused(addUser({ name: '', passwordHash: undefined }), 'bad-name')
  refused(addUser({ name: 'a\nb', passwordHash: undefined }), 'bad-name')
  refused(addVirtualHost('x'.repeat(256)), 'bad-name')
})

test('no name makes a pattern take long', () => {
  const greedy = '^((a+)+)+$'
  assert.equal(patternFault(greedy), undefined)
  assert.equal(matchesPattern(greedy, 'aaa'), true)
  const evil = (n: number): string => `${'a'.repeat(250)}${n}!`
  for (let n = 0; n < 100; n++) assert.equal(matchesPattern(greedy, evil(n)), false)
  // Nothing is repeated in these: every part of them can match in two ways.
  const twofold = ['(a|a)', '(?:a|aa)', 'a?'].map((part) => `^${part.repeat(60)}a{60}$`)
  for (const pattern of [...twofold, `(?i)${twofold[0]}`])
    for (let n = 0; n < 100; n++) assert.equal(matchesPattern(pattern, evil(n)), false)
})

test('where a pattern cannot but take long it matches nothing for a while', () => {
  const greedy = '^(?!b)((a+)+)+$'
  assert.equal(matchesPattern(greedy, 'aaa'), true)
  const evil = (n: number): string => `${'a'.repeat(250)}${n}!`
  // A hundred of them, each with a time limit of its own, would be the test's own end.
  for (let n = 0; n < 1_000; n++) assert.equal(matchesPattern(greedy, evil(n)), false)
  assert.equal(matchesPattern(greedy, 'aaa'), false)
  assert.equal(matchesPattern('^a', 'aaa'), true)
})

test('patterns of RabbitMQ are understood: anywhere, negative look-ahead, whatever the case', () => {
  assert.equal(matchesPattern('orders', 'my orders here'), true)
  assert.equal(matchesPattern('^(?!amq\\.).*', 'amq.direct'), false)
  assert.equal(matchesPattern('^(?!amq\\.).*', 'orders'), true)
  assert.equal(matchesPattern('(?i)^ORD', 'orders'), true)
  assert.deepEqual([matchesPattern('', 'a'), matchesPattern('', '')], [false, false])
  assert.match(patternFault('x'.repeat(2_000)) ?? '', /2000 of at most 1024/)
})
