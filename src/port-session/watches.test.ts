import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openEmbedded } from '../embedded/open.ts'
import { EventWriter } from '../port-wire/events.ts'
import { FrameBatch } from '../port-wire/frame-batch.ts'
import type { PortAccess } from './access.ts'
import { Names } from './names.ts'
import { Watches } from './watches.ts'

test('a number that is watched anew while an outcome is looked up is not told that outcome', async () => {
  const engine = await openEmbedded('memory:')
  const message = {
    ...{ id: 'a', idChosen: true, exchange: '', routingKey: 'q', contentType: '', priority: 0 },
    ...{ deadlineAtMs: Number.POSITIVE_INFINITY, availableAtMs: 0, timeoutMs: 0, attemptsMax: 3 },
    ...{ body: Buffer.alloc(0), meta: undefined },
  }
  await engine.publish(message)
  const batch = new FrameBatch()
  let hasRoom = false
  const watches = new Watches({
    engine,
    access: { mayAskById: true } as PortAccess,
    names: new Names('/'),
    events: new EventWriter(batch),
    hasRoom: () => hasRoom,
    wake: () => undefined,
    failed: (_call, error) => assert.fail(String(error)),
    onProblem: (text) => assert.fail(text),
  })
  watches.outcome(1, 'a')
  await engine.cancel('a')
  hasRoom = true
  watches.resume()
  watches.stop(1)
  watches.outcome(1, 'another')
  await engine.answer('a')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(batch.length, 0, 'nothing became of the other one')
  watches.close()
  await engine.close()
})
