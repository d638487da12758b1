import assert from 'node:assert/strict'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { definitionsIn, readDefinitions, writeDefinitions } from './definitions-file.ts'
import { emptyState } from './definitions-state.ts'
import { DefinitionsStore } from './definitions-store.ts'
import { adminUser, firstState, guestUser } from './first-start.ts'
import {
  addUser,
  changeUser,
  deleteUser,
  setPermission,
  setTopicPermission,
} from './user-changes.ts'
import {
  addVirtualHost,
  changeVirtualHost,
  clearPolicy,
  deleteVirtualHost,
  setPolicy,
} from './virtual-host-changes.ts'

function folder(): { readonly path: string } & Disposable {
  const path = fs.mkdtempSync(join(tmpdir(), 'homing-definitions-'))
  return { path, [Symbol.dispose]: () => fs.rmSync(path, { recursive: true, force: true }) }
}

const policy = {
  vhost: '/',
  name: 'short',
  pattern: '^short\\.',
  applyTo: 'queues',
  priority: 1,
  operator: false,
  definition: new Map<string, string | number>([['max-length', 10]]),
} as const

test('everything that was defined is the same after it was written and read', () => {
  using directory = folder()
  const store = new DefinitionsStore(emptyState, (state) => writeDefinitions(directory.path, state))
  store.change(
    addVirtualHost('/'),
    addVirtualHost('b', { description: 'the other', connectionsMax: 3, queuesMax: 0 }),
    addUser({ name: 'ada', passwordHash: undefined, tags: ['monitoring', 'impersonator'] }),
    changeUser('ada', { connectionsMax: 2, channelsMax: 9 }),
    setPermission({ user: 'ada', vhost: '/', configure: '', write: '.*', read: '^a$' }),
    setTopicPermission({ user: 'ada', vhost: '/', exchange: 'x', write: 'a', read: 'b' }),
    setTopicPermission({ user: 'ada', vhost: '/', exchange: 'y', write: 'a', read: 'b' }),
    setPolicy(policy),
    setPolicy({ ...policy, operator: true, priority: -1 }),
  )
  assert.deepEqual(readDefinitions(directory.path), store.state)
  const path = join(directory.path, 'definitions.json')
  assert.equal(fs.statSync(path).mode & 0o777, 0o600)
  assert.deepEqual(fs.readdirSync(directory.path), ['definitions.json'])
})

test('a directory without definitions has none', () => {
  using directory = folder()
  assert.equal(readDefinitions(directory.path), undefined)
  assert.deepEqual(definitionsIn(directory.path), emptyState)
})

test('a change that is refused, or cannot be written, has changed nothing and is told to nobody', () => {
  let full = false
  const store = new DefinitionsStore(emptyState, () => {
    if (full) throw new Error('no space')
  })
  let told = 0
  store.watch(() => told++)
  store.change(addVirtualHost('/'))
  const { state } = store
  assert.throws(() => store.change(addVirtualHost('b'), addVirtualHost('/')), {
    code: 'definition-exists',
  })
  full = true
  assert.throws(() => store.change(addVirtualHost('b')), /no space/)
  assert.equal(store.state, state)
  assert.equal(told, 1)
})

test('a file cut short or edited wrongly stops the start, naming the place', async () => {
  using directory = folder()
  const path = join(directory.path, 'definitions.json')
  writeDefinitions(directory.path, firstState('/', [await guestUser()]))
  const whole = fs.readFileSync(path, 'utf8')
  const refused = (text: string, says: RegExp): void => {
    fs.writeFileSync(path, text)
    assert.throws(() => readDefinitions(directory.path), { code: 'format-unknown', message: says })
  }
  refused(whole.slice(0, -20), /is no JSON/)
  refused(whole.replace('"version": 1', '"version": 2'), /version of the file is not 1/)
  refused(whole.replace('homing definitions', 'other'), /format of the file/)
  refused(whole.replace('"configure": ".*"', '"configure": "("'), /configure of permissions\[0\]/)
  refused(whole.replace(/scrypt\$/, 'plain$'), /passwordHash of users\[0\]/)
  refused(whole.replace('"tags": [', '"tags": [7,'), /tags of users\[0\] is no list of texts/)
  refused('null', /the file is no object/)
  refused(whole.replace('"policies": []', '"policies": 1'), /policies of the file is no list/)
})

test('what a crash left beside the file is replaced, never read', () => {
  using directory = folder()
  const next = join(directory.path, 'definitions.json.next')
  fs.writeFileSync(next, 'half of it', { mode: 0o666 })
  writeDefinitions(directory.path, emptyState)
  assert.ok(!fs.existsSync(next))
  assert.equal(fs.statSync(join(directory.path, 'definitions.json')).mode & 0o777, 0o600)
})

test('policies and limits are told by virtual host, and who listens hears of those that changed', () => {
  const store = new DefinitionsStore(emptyState)
  store.change(addVirtualHost('/'), addVirtualHost('b'))
  const told: string[] = []
  const stop = store.onChange((vhost) => told.push(vhost))
  store.change(setPolicy(policy), setPolicy({ ...policy, operator: true }))
  assert.equal(store.policiesOf('/')[0]?.name, 'short')
  assert.equal(store.operatorPoliciesOf('/').length, 1)
  assert.deepEqual(store.policiesOf('b'), [])
  assert.deepEqual(told.splice(0), ['/', 'b'])
  store.change(changeVirtualHost('b', { queuesMax: 5, defaultQueueType: 'quorum' }))
  assert.deepEqual(told.splice(0), ['b'])
  assert.deepEqual(store.limitsOf('b'), { connectionsMax: undefined, queuesMax: 5 })
  assert.equal(store.defaultQueueTypeOf('b'), 'quorum')
  assert.deepEqual(store.limitsOf('nowhere'), { connectionsMax: undefined, queuesMax: undefined })
  store.change(clearPolicy({ vhost: '/', name: 'short', operator: false }))
  assert.deepEqual([store.policiesOf('/').length, store.operatorPoliciesOf('/').length], [0, 1])
  stop()
  store.change(deleteVirtualHost('/'))
  assert.deepEqual(store.operatorPoliciesOf('/'), [])
})

test('a user who is deleted takes the permissions along', () => {
  const store = new DefinitionsStore(emptyState)
  store.change(
    addVirtualHost('/'),
    addUser({ name: 'ada', passwordHash: undefined }),
    setPermission({ user: 'ada', vhost: '/', configure: '', write: '', read: '' }),
    setTopicPermission({ user: 'ada', vhost: '/', exchange: 'x', write: 'a', read: 'b' }),
    deleteUser('ada'),
  )
  const { users, permissions, topicPermissions } = store.state
  assert.deepEqual([users.size, permissions.size, topicPermissions.size], [0, 0, 0])
})

test('the first administrator has a password nobody could guess, another one each time', async () => {
  const [one, other] = [await adminUser(), await adminUser()]
  const { password = '' } = one
  assert.match(password, /^[\w-]{32}$/)
  assert.notEqual(password, other.password)
  assert.ok(!JSON.stringify(one.user).includes(password))
})
