import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HomingError } from '../errors.ts'
import { AccountLimits } from './account-limits.ts'
import { emptyState } from './definitions-state.ts'
import { DefinitionsStore } from './definitions-store.ts'
import { addUser } from './user-changes.ts'
import { addVirtualHost } from './virtual-host-changes.ts'

test('limits of users and virtual hosts are set one by one, and taken away', () => {
  const definitions = new DefinitionsStore(emptyState)
  definitions.change(addVirtualHost('/'), addUser({ name: 'ada', passwordHash: undefined }))
  const limits = new AccountLimits(definitions)
  limits.setOfUser('ada', { connectionsMax: 3 })
  limits.setOfUser('ada', { channelsMax: 0 })
  limits.setOfVirtualHost('/', { queuesMax: 5, connectionsMax: 6 })
  limits.setOfVirtualHost('/', { connectionsMax: undefined })
  assert.deepEqual(limits.ofUser('ada'), { connectionsMax: 3, channelsMax: 0 })
  assert.deepEqual(limits.ofVirtualHost('/'), { connectionsMax: undefined, queuesMax: 5 })
  assert.deepEqual(definitions.limitsOf('/'), { connectionsMax: undefined, queuesMax: 5 })
})

test('a limit that is no count, and one that there is not, are refused', () => {
  const definitions = new DefinitionsStore(emptyState)
  definitions.change(addVirtualHost('/'), addUser({ name: 'ada', passwordHash: undefined }))
  const limits = new AccountLimits(definitions)
  const { state } = definitions
  for (const value of [-1, 1.5, '3', null, Number.POSITIVE_INFINITY])
    assert.throws(
      () => limits.setOfUser('ada', { channelsMax: value as number }),
      /channelsMax is .*; give a whole number from 0/,
    )
  assert.throws(() => limits.setOfVirtualHost('/', { queueMax: 1 } as object), {
    code: 'unknown-option',
    message: /did you mean "queuesMax"/,
  })
  for (const run of [
    () => limits.ofUser('nobody'),
    () => limits.setOfUser('nobody', {}),
    () => limits.ofVirtualHost('nowhere'),
    () => limits.setOfVirtualHost('nowhere', {}),
  ])
    assert.throws(run, (error: HomingError) => error.code === 'definition-unknown')
  assert.equal(definitions.state, state)
})
