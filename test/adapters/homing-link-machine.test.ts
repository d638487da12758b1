/* What a server tells of the machine it runs on, and to whom. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBroker } from '../../src/amqp.ts'
import { engineOptions } from '../../src/embedded/engine-options.ts'
import type { Engine } from '../../src/engine.ts'
import { HomingError } from '../../src/errors.ts'
import { homing } from '../../src/index.ts'
import { openAsOwner } from '../../src/joined/owner.ts'
import { newDirectory } from '../faults/machine.ts'
import { linkTo } from './homing-broker.ts'

const text = 'the disk of /srv/homing is full (ENOSPC); make room'

/** From now on its list of queues fails as the engine's own calls do on a full disk. */
function fill(engine: Engine): void {
  engine.queues = () => Promise.reject(new HomingError('disk-full', text, { data: text }))
}

test('paths of the server are not told to who comes over a network', async () => {
  await using broker = await startBroker()
  await using far = await linkTo(broker.url)
  fill(broker.engine)
  await assert.rejects(far.link.queues(), (error: unknown) => {
    assert.ok(error instanceof HomingError)
    assert.equal(error.code, 'disk-full')
    assert.match(error.message, /^The disk is full: .*\. The log of the server says more$/)
    assert.doesNotMatch(JSON.stringify(error.data ?? null), /srv/)
    return true
  })
  await assert.rejects(far.link.purgeQueue('none'), { code: 'queue-unknown', message: /"none"/ })
})

test('who has joined a directory is told its path', async () => {
  using directory = newDirectory()
  const engine = await openAsOwner(directory.path, engineOptions())
  const joined = await homing(directory.path)
  fill(engine)
  await assert.rejects(joined.queues(), { code: 'disk-full', message: text, data: text })
  await joined.close()
  await engine.close()
})
