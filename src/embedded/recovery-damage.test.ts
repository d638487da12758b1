import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineTrial, messageOf, ok, smallSizes } from '../../test/embedded/engine-trial.ts'
import { damageRecord, recordsOf } from '../../test/embedded/segment-records.ts'
import { ByteWriter } from '../bytes.ts'
import type { Delivery } from '../message/delivery.ts'
import type { Broker } from './broker.ts'
import { frameBytes, recordTypes, sealFrame } from './journal/record.ts'
import { segmentName } from './journal/segment.ts'

const first = segmentName(1)

/** An engine whose process was killed before any checkpoint, with these messages sent, not reopened. */
async function killedAfter(work: (trial: EngineTrial) => Promise<void>): Promise<EngineTrial> {
  const trial = await EngineTrial.open({ reserveBytes: 0 })
  await work(trial)
  await trial.clock.advance(1_000)
  return trial
}

/** Messages come and go until segments were removed, before a start and after it. */
async function liveLong(trial: EngineTrial): Promise<void> {
  for (let round = 0; round < 2; round++) {
    await trial.reopen(smallSizes)
    const before = await trial.names(/journal/)
    for (let n = 0; n < 60; n++) {
      await trial.publish(messageOf('other', trial.engine.mintId(), 'x'.repeat(1_000)))
      if (n % 10 === 9) await trial.drain('other')
    }
    await trial.clock.advance(1_000)
    const after = await trial.names(/journal/)
    assert.ok(before.length > after.filter((name) => before.includes(name)).length)
  }
}

test('a damaged message costs itself, is told of, and its segment is kept', async () => {
  const trial = await killedAfter((one) => one.send('work', '1', '2', '3'))
  trial.alter(first, damageRecord('accept', 1))
  await trial.crash()
  assert.match(trial.problems.join(), /records 5 to 5 of the journal .*segment 1.* damaged/)
  assert.match(trial.problems.join(), /all others were recovered, the file is kept as it is/)
  assert.deepEqual(await trial.drain('work'), ['1', '3'])
  await liveLong(trial)
  assert.ok((await trial.names()).includes(first), 'the damaged segment was removed')
})

test('a damaged message whose body holds records of a journal costs itself alone', async () => {
  const forged = new ByteWriter(64)
  for (const lsn of [1, 9, 1_000_000, 2 ** 40]) {
    const at = forged.length
    forged.length += frameBytes
    forged.text32('forged')
    sealFrame(forged.buffer, forged.view, at, forged.length, recordTypes.accept, lsn, at)
  }
  const trial = await killedAfter(async (one) => {
    await one.send('work', '1')
    await one.publish({ ...messageOf('work', 'bait'), body: Buffer.from(forged.taken()) })
    await one.send('work', '2', '3')
  })
  trial.alter(first, damageRecord('accept', 1))
  await trial.crash()
  assert.deepEqual(await trial.drain('work'), ['1', '2', '3'])
  assert.match(trial.problems.join(), /records 5 to 5 of the journal/)
})

test('a damaged record of an exchange costs it and its bindings, and the engine opens', async () => {
  const trial = await killedAfter(async (one) => {
    const broker = one.engine as Broker
    await one.until(broker.declareQueue('work', {}))
    await one.until(broker.declareExchange('events', { type: 'topic' }))
    await one.until(broker.bind('events', { kind: 'queue', name: 'work' }, { routingKey: '#' }))
    await one.send('work', '1')
    await one.publish(messageOf('any', '2', '', { exchange: 'events' }))
  })
  trial.alter(first, damageRecord('topology', 1))
  await trial.crash()
  assert.match(trial.problems.join(), /record \d+ of the journal \(segment 1\) is left out.*events/)
  assert.deepEqual(await trial.drain('work'), ['1', '2'])
  const lost = messageOf('any', '3', '', { exchange: 'events' })
  await assert.rejects(trial.publish(lost), { code: 'exchange-unknown' })
})

test('a settled message whose record of acceptance is damaged keeps its outcome', async () => {
  const trial = await killedAfter(async (one) => {
    await one.send('work', '1', '2')
    await one.answerOk(...(await one.take('work', 1)))
  })
  trial.alter(first, damageRecord('accept', 0))
  trial.loseLedger()
  await trial.crash()
  assert.equal(await trial.state('1'), 'ok')
  assert.deepEqual(await trial.drain('work'), ['2'])
})

test('a message whose final record is damaged is not worked on again when the ledger has its outcome', async () => {
  const trial = await killedAfter(async (one) => {
    await one.send('work', '1', '2')
    await one.answerOk(...(await one.take('work', 1)))
    await one.send('work', '3')
  })
  trial.alter(first, damageRecord('final'))
  await trial.crash()
  assert.equal(await trial.state('1'), 'ok')
  assert.deepEqual(await trial.drain('work'), ['2', '3'])
})

test('a damaged record of a queue costs no message of it', async () => {
  const trial = await killedAfter(async (one) => {
    await one.until(one.engine.declareQueue('work', { depthMax: 10 }))
    const callbacks = [{ name: 'told' }]
    await one.publish(messageOf('work', '1', '', { meta: { callbacks } }))
    await one.send('work', '2')
    await one.answerOk(...(await one.take('work', 1)))
  })
  for (const n of [1, 0]) trial.alter(first, damageRecord('topology', n))
  await trial.crash()
  assert.deepEqual(await trial.drain('work'), ['2'])
  assert.deepEqual(await trial.drain('callback:told'), ['1>told'])
  const names = (await trial.until(trial.engine.queues())).map(({ name }) => name)
  assert.deepEqual(names.toSorted(), ['callback:told', 'work'])
})

test('a queue whose record is damaged takes its settings from the next declaration, and keeps its messages', async () => {
  const trial = await killedAfter(async (one) => {
    await one.until(one.engine.declareQueue('work', { depthMax: 2 }))
    await one.send('work', '1')
  })
  trial.alter(first, damageRecord('topology'))
  await trial.crash()
  await trial.until(trial.engine.declareQueue('work', { depthMax: 2 }))
  await trial.send('work', '2')
  await assert.rejects(trial.send('work', '3'), { code: 'queue-full' })
  await trial.reopen()
  assert.deepEqual(await trial.drain('work'), ['1', '2'])
})

test('a damaged record of a delivery or a return costs at most an attempt', async () => {
  for (const type of ['delivered', 'requeue'] as const) {
    const trial = await killedAfter(async (one) => {
      await one.send('work', '1', '2')
      const [delivery] = (await one.take('work', 1)) as [Delivery]
      await one.until(one.engine.settle(delivery, { kind: 'return' }))
      await one.send('work', '3')
    })
    trial.alter(first, damageRecord(type))
    await trial.crash()
    const seen = (await trial.drain('work')).map((name) => name.replace('R', ''))
    assert.deepEqual(seen, ['1', '2', '3'], type)
  }
})

test('a journal cut short in the middle of what was confirmed is told of, and the rest goes on', async () => {
  const trial = await EngineTrial.open({ reserveBytes: 0 })
  await trial.send('work', '1', '2', '3')
  await trial.crash()
  await trial.send('work', '4')
  await trial.clock.advance(100)
  const [accept] = recordsOf(trial.disk.state.files().get(first) as Uint8Array).filter(
    ({ type }) => type === 2,
  )
  trial.alter(first, (bytes) => bytes.slice(0, accept?.end))
  await trial.crash()
  assert.match(trial.problems.join(), /damaged or missing/)
  assert.deepEqual(await trial.drain('work'), ['1', '4'])
})

test('what a power cut tore off before it was confirmed is no damage', async () => {
  for (let seed = 1; seed < 30; seed++) {
    const trial = await EngineTrial.open(smallSizes, {}, seed)
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 10; n++) {
        const id = `${round}-${n}`
        void trial.engine.publish(messageOf('work', id, id.repeat(100))).catch(() => undefined)
        await trial.clock.advance(n % 3)
      }
      await trial.crash('power')
    }
    assert.deepEqual(trial.problems, [], `seed ${seed}`)
  }
})

test('a segment that is gone from the middle costs what was in it, and is told of', async () => {
  const trial = await EngineTrial.open({ ...smallSizes, checkpointBytes: 2 ** 24 })
  for (let n = 0; n < 60; n++) await trial.publish(messageOf('work', `${n}`, 'x'.repeat(500)))
  const names = await trial.names(/journal/)
  assert.ok(names.length >= 4)
  await trial.until(trial.disk.remove(names[1] as string))
  await trial.crash()
  assert.match(trial.problems.join(), /records \d+ to \d+ of the journal .* damaged or missing/)
  const seen = await trial.drain('work')
  assert.ok(seen.length > 30 && seen.length < 60, `${seen.length} messages`)
  assert.deepEqual(
    seen.map(Number),
    seen.map(Number).toSorted((a, b) => a - b),
  )
  assert.equal(seen.at(-1), '59')
})

test('messages whose segment is gone while a checkpoint names them are set aside one by one, and told of', async () => {
  const trial = await EngineTrial.open(smallSizes)
  for (let n = 0; n < 60; n++) await trial.publish(messageOf('work', `${n}`, 'x'.repeat(500)))
  await trial.close()
  const names = await trial.names(/journal/)
  await trial.until(trial.disk.remove(names[1] as string))
  await trial.open()
  const seen = await trial.drain('work')
  assert.ok(seen.length > 30 && seen.length < 60, `${seen.length} messages`)
  assert.match(trial.problems.join(), /message of queue "work" cannot be read and is set aside/)
})

test('a message that is damaged on disk while it waits is set aside, told of, and its segment kept', async () => {
  const trial = await EngineTrial.open({ ...smallSizes, tailBytes: 0 })
  for (let n = 0; n < 60; n++) await trial.publish(messageOf('work', `${n}`, 'x'.repeat(500)))
  await trial.reopen()
  trial.alter(first, damageRecord('accept', 3))
  const seen = await trial.drain('work')
  assert.deepEqual(
    seen.map(Number),
    Array.from({ length: 60 }, (_, n) => n).filter((n) => n !== 3),
  )
  assert.match(trial.problems.join(), /set aside: the record at \d+ in segment 1 does not match/)
  await liveLong(trial)
  assert.ok((await trial.names()).includes(first), 'the damaged segment was removed')
})

test('too many open files is no damage: messages are delivered when files can be opened again', async () => {
  const trial = await EngineTrial.open({ ...smallSizes, tailBytes: 0 })
  for (let n = 0; n < 20; n++) {
    const deadlineAtMs = n < 2 ? trial.engine.nowMs() + 5_000 : Number.POSITIVE_INFINITY
    await trial.publish(messageOf('work', `${n}`, 'x'.repeat(500), { deadlineAtMs }))
  }
  await trial.reopen()
  trial.disk.faults = ({ kind, name }) =>
    kind === 'open' && name.startsWith('journal') ? { kind: 'fail', code: 'EMFILE' } : undefined
  const inbox = trial.consume('work')
  await trial.clock.advance(10_000)
  assert.equal(inbox.deliveries.length, 0)
  trial.disk.faults = () => undefined
  await trial.clock.advance(10_000)
  assert.equal(inbox.deliveries.length, 18)
  assert.equal(await trial.state('0'), 'expired')
  assert.equal(await trial.state('1'), 'expired')
  assert.doesNotMatch(trial.problems.join(), /set aside/)
})

test('outcomes that only the journal has are known at once after a start, also those before a checkpoint', async () => {
  const trial = await EngineTrial.open(smallSizes)
  for (let n = 0; n < 30; n++) await trial.send('work', `${n}`)
  await trial.drain('work')
  await trial.close()
  trial.loseLedger()
  await trial.open()
  const known = await trial.until(
    Promise.all(
      Array.from({ length: 30 }, (_, n) => trial.engine.publish(messageOf('work', `${n}`))),
    ),
  )
  const duplicates = known.filter(({ duplicate }) => duplicate)
  const kept = (await trial.outcomes()).length
  assert.equal(duplicates.length, kept)
  assert.ok(kept > 0)
})

test('an outcome stored after the journal lost its end is stored all the same', async () => {
  const trial = await EngineTrial.open({ reserveBytes: 0 })
  await trial.send('work', '1', '2', '3', '4')
  await trial.drain('work')
  await trial.clock.advance(1_000)
  const cut = recordsOf(trial.disk.state.files().get(first) as Uint8Array)[4]
  trial.alter(first, (bytes) => bytes.slice(0, cut?.end))
  await trial.crash()
  await trial.send('work', 'new')
  const [delivery] = (await trial.take('work', 1)) as [Delivery]
  await trial.until(trial.engine.settle(delivery, ok('late')))
  for (let n = 0; n < 3; n++) await trial.reopen()
  const { id } = delivery.message
  assert.equal(await trial.state(id), 'ok')
  assert.ok((await trial.outcomes()).some((outcome) => outcome.id === id))
})
