import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '../message/message.ts'
import { nthOperation } from './disk-fault.ts'
import { openSimulatedEngine } from './simulated-engine.ts'

const message = (id: string): Message => ({
  id,
  idChosen: true,
  exchange: '',
  routingKey: 'work',
  contentType: 'text/plain; charset=utf-8',
  body: Buffer.from(id),
  priority: 0,
  deadlineAtMs: Number.POSITIVE_INFINITY,
  availableAtMs: 0,
  timeoutMs: 0,
  attemptsMax: 5,
  meta: undefined,
})

test('what was confirmed is there after a power cut, a kill and a close', async () => {
  let machine = await openSimulatedEngine({ seed: 3 })
  const { clock } = machine
  await clock.until(machine.engine.publish(message('a')))
  machine = await machine.crash('power')
  await clock.until(machine.engine.publish(message('b')))
  machine = await machine.crash('kill')
  machine = await machine.reopen()
  for (const id of ['a', 'b']) {
    assert.equal((await clock.until(machine.engine.answer(id))).state, 'pending')
  }
})

test('time stands still until the test moves it', async () => {
  const { engine, clock } = await openSimulatedEngine()
  await clock.until(engine.publish({ ...message('a'), availableAtMs: engine.nowMs() + 60_000 }))
  let delivered = 0
  engine.subscribe('work', { prefetch: 1 }, { deliver: () => delivered++, revoke: () => {} })
  await clock.advance(59_000)
  assert.equal(delivered, 0)
  await clock.advance(2_000)
  assert.equal(delivered, 1)
})

test('a disk that fails under the engine is told to senders as disk-failed', async () => {
  const { engine, clock, disk } = await openSimulatedEngine()
  disk.faults = nthOperation(disk.operations + 1, { kind: 'fail', code: 'EIO' })
  await assert.rejects(clock.until(engine.publish(message('a'))), { code: 'disk-failed' })
})
