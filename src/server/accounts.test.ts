import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { Accounts } from './accounts.ts'
import { emptyState } from './definitions-state.ts'
import { DefinitionsStore } from './definitions-store.ts'
import { openAccounts } from './open-accounts.ts'
import { verifyPassword } from './password.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

test('users and what they may do are added, changed, listed and taken away', async () => {
  const definitions = new DefinitionsStore(emptyState)
  const accounts = new Accounts(definitions)
  accounts.addVirtualHost('/')
  accounts.addVirtualHost('shop')
  await accounts.addUser({ name: 'ada', password: bytes('one'), tags: ['monitoring'] })
  await accounts.addUser({ name: 'cert', password: undefined })
  accounts.setTags('ada', ['management', 'management'])
  const permission = { user: 'ada', vhost: '/', configure: '', write: 'a', read: 'b' }
  const topic = { user: 'ada', vhost: '/', exchange: 'x', write: 'a', read: 'b' }
  accounts.setPermission(permission)
  accounts.setTopicPermission(topic)
  assert.deepEqual(accounts.permissionsOf('ada'), [permission])
  assert.deepEqual(accounts.topicPermissionsOf('ada'), [topic])
  assert.deepEqual(
    accounts.users().map(({ name, tags, password }) => [name, tags, password]),
    [
      ['ada', ['management'], true],
      ['cert', [], false],
    ],
  )
  accounts.clearPermission('ada', '/')
  accounts.clearTopicPermission('ada', '/', 'x')
  assert.deepEqual([accounts.permissionsOf('ada'), accounts.topicPermissionsOf('ada')], [[], []])
  accounts.deleteVirtualHost('shop')
  assert.deepEqual(accounts.virtualHosts(), ['/'])
  accounts.deleteUser('cert')
  assert.equal(accounts.users().length, 1)
  assert.throws(() => accounts.permissionsOf('cert'), { code: 'definition-unknown' })
})

test('a new password is in force, the old one no more, and no hash is shown', async () => {
  const definitions = new DefinitionsStore(emptyState)
  const accounts = new Accounts(definitions)
  await accounts.addUser({ name: 'ada', password: bytes('one') })
  await accounts.setPassword('ada', bytes('two'))
  const hash = definitions.state.users.get('ada')?.passwordHash ?? ''
  assert.equal(await verifyPassword(bytes('two'), hash), true)
  assert.equal(await verifyPassword(bytes('one'), hash), false)
  assert.ok(!inspect(accounts.users(), { depth: 9, showHidden: true }).includes('scrypt'))
  assert.ok(!inspect(accounts, { depth: 9, showHidden: true }).includes('scrypt'))
  await assert.rejects(accounts.setPassword('bob', bytes('x')), { code: 'definition-unknown' })
})

test('the accounts of a directory are held by one at a time, and kept', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'homing-accounts-'))
  try {
    {
      using opened = await openAccounts(directory)
      assert.equal(opened.adminPasswordFile, join(directory, 'admin-password'))
      await assert.rejects(openAccounts(directory), { code: 'locked' })
      await opened.accounts.addUser({ name: 'ada', password: undefined })
    }
    using again = await openAccounts(directory)
    assert.equal(again.adminPasswordFile, undefined)
    assert.deepEqual(
      again.accounts.users().map(({ name }) => name),
      ['admin', 'guest', 'ada'],
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('a directory that cannot be opened is told with its path', async () => {
  const missing = join(tmpdir(), 'homing-nowhere', 'data')
  await assert.rejects(openAccounts(missing), { message: new RegExp(missing) })
})
