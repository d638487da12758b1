import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineTrial, messageOf } from '../../test/embedded/engine-trial.ts'
import type { Message } from '../message/message.ts'
import { checkpointChecksum, checkpointName } from './checkpoint-file.ts'
import { indexPagesName } from './index-pages.ts'

const oneSegment = { segmentBytes: 2 ** 26, reserveBytes: 0 }

/** An engine that was opened and closed so often, so that it has checkpoints; it is closed. */
async function withCheckpoints(count: number): Promise<EngineTrial> {
  const trial = await EngineTrial.open({ reserveBytes: 0 })
  for (let n = 1; n <= count; n++) {
    await trial.send('work', `${n}a`, `${n}b`)
    await trial.take('work', 1)
    await trial.close()
    if (n < count) await trial.open()
  }
  return trial
}

const flip = (at: number) => (bytes: Uint8Array) => {
  bytes[at] = (bytes[at] as number) ^ 0x11
  return undefined
}

async function sendMany(trial: EngineTrial, messages: readonly Message[]): Promise<void> {
  for (let n = 0; n < messages.length; n += 2_000) {
    await trial.until(trial.engine.publishMany(messages.slice(n, n + 2_000)))
  }
}

test('two checkpoints are kept, the newest two', async () => {
  const trial = await withCheckpoints(4)
  assert.deepEqual(await trial.names(/ckpt/), [checkpointName(3), checkpointName(4)])
})

test('a deep queue of several priorities comes back in order, its middle on disk', async () => {
  const trial = await EngineTrial.open({ ...oneSegment, indexBytes: 0, tailBytes: 100_000 })
  const messages = Array.from({ length: 20_000 }, (_, n) =>
    messageOf('work', `${n}`, '', { idChosen: false, priority: n % 3 === 0 ? 1 : 0 }),
  )
  await sendMany(trial, messages)
  await trial.take('work', 5)
  await trial.reopen()
  assert.ok((await trial.names()).includes(indexPagesName))
  const urgent = messages.filter(({ priority }) => priority === 1).map(({ id }) => id)
  const others = messages.filter(({ priority }) => priority === 0).map(({ id }) => id)
  const expected = [...urgent, ...others].map((id, n) => (n < 5 ? `${id}R` : id))
  assert.deepEqual(await trial.drain('work'), expected)
  assert.deepEqual(trial.problems, [])
})

test('a message of a put-away block is found by its id and canceled, before and after a start', async () => {
  const trial = await EngineTrial.open({ ...oneSegment, indexBytes: 0, tailBytes: 10_000 })
  await sendMany(
    trial,
    Array.from({ length: 9_000 }, (_, n) => messageOf('work', `${n}`, '')),
  )
  assert.equal(await trial.until(trial.engine.cancel('100')), true)
  await trial.reopen()
  assert.equal(await trial.state('100'), 'canceled')
  assert.equal(await trial.state('101'), 'pending')
  assert.equal(await trial.until(trial.engine.cancel('4500')), true)
  assert.equal(await trial.until(trial.engine.purgeQueue('work')), 8_998)
  assert.equal(await trial.state('8999'), 'canceled')
  assert.deepEqual(trial.problems, [])
})

test('a checkpoint with any byte altered is passed over for the one before it', async () => {
  const size = (await withCheckpoints(3)).disk.state.find(checkpointName(3))?.seenLength ?? 0
  assert.ok(size > 100)
  for (let at = 0; at < size; at += at < 32 ? 1 : 37) {
    const trial = await withCheckpoints(3)
    trial.alter(checkpointName(3), flip(at))
    await trial.open()
    assert.deepEqual(await trial.drain('work'), ['1aR', '1b', '2a', '2b', '3a', '3b'], `byte ${at}`)
  }
})

test('a checkpoint cut short anywhere is passed over for the one before it', async () => {
  const size = (await withCheckpoints(2)).disk.state.find(checkpointName(2))?.seenLength ?? 0
  for (let cut = 0; cut < size; cut += 41) {
    const trial = await withCheckpoints(2)
    trial.alter(checkpointName(2), (bytes) => bytes.slice(0, cut))
    await trial.open()
    assert.deepEqual(await trial.drain('work'), ['1aR', '1b', '2a', '2b'], `cut at ${cut}`)
  }
})

test('after a damaged checkpoint new ones are taken, and used at the next start', async () => {
  const trial = await withCheckpoints(3)
  trial.alter(checkpointName(3), flip(200))
  await trial.open()
  await trial.send('work', 'later')
  await trial.reopen()
  const [newest] = (await trial.names(/ckpt/)).toReversed() as [string]
  assert.notEqual(newest, checkpointName(3))
  assert.deepEqual(trial.problems, [])
  assert.equal((await trial.drain('work')).length, 7)
})

test('the one before a damaged checkpoint is kept until it has a whole successor with a successor', async () => {
  const trial = await withCheckpoints(3)
  trial.alter(checkpointName(3), flip(200))
  await trial.open()
  await trial.send('work', 'later')
  await trial.close()
  assert.deepEqual(await trial.names(/ckpt/), [2, 3, 4].map(checkpointName))
  trial.alter(checkpointName(4), flip(200))
  await trial.open()
  assert.equal((await trial.drain('work')).length, 7)
  assert.deepEqual(trial.problems, [])
})

test('without any checkpoint the journal alone gives everything back', async () => {
  const trial = await withCheckpoints(3)
  for (const name of await trial.names(/ckpt|pages/)) await trial.until(trial.disk.remove(name))
  await trial.open()
  assert.deepEqual(await trial.drain('work'), ['1aR', '1b', '2a', '2b', '3a', '3b'])
})

test('a damaged page of the index costs nothing while the journal has what it named', async () => {
  const trial = await EngineTrial.open({ ...oneSegment, indexBytes: 0 })
  await sendMany(
    trial,
    Array.from({ length: 9_000 }, (_, n) => messageOf('work', `${n}`, '')),
  )
  await trial.close()
  trial.alter(indexPagesName, flip(150_000))
  await trial.open()
  assert.match(trial.problems.join(), /slot 1 of index\.pages does not match its checksum/)
  assert.equal((await trial.drain('work')).length, 9_000)
})

test('a page that is damaged while the engine runs is told of now and then, not in a rush', async () => {
  const trial = await EngineTrial.open({ ...oneSegment, indexBytes: 0 })
  await sendMany(
    trial,
    Array.from({ length: 9_000 }, (_, n) => messageOf('work', `${n}`, '')),
  )
  await trial.clock.advance(100)
  trial.alter(indexPagesName, flip(1_000))
  trial.consume('work')
  await trial.clock.advance(5_000)
  assert.ok(
    trial.problems.length >= 1 && trial.problems.length < 20,
    `${trial.problems.length} times`,
  )
})

test('a checkpoint of a newer version is refused by name, with both versions', async () => {
  const trial = await withCheckpoints(1)
  trial.alter(checkpointName(1), (bytes) => {
    const file = Buffer.from(bytes)
    file.writeUInt32LE(2, 8)
    file.writeUInt32LE(checkpointChecksum(file), 12)
    return file
  })
  await assert.rejects(trial.open(), {
    code: 'format-unknown',
    message: /^checkpoint-0000000001\.ckpt has checkpoint format 2; .* reads format 1: open/,
  })
})

test('a checkpoint that does not fit on the disk is taken later', async () => {
  const trial = await EngineTrial.open({ reserveBytes: 0, checkpointBytes: 4_096 })
  const { disk } = trial
  disk.faults = ({ kind, name }) =>
    kind === 'write' && name.startsWith('checkpoint') ? { kind: 'shorten' } : undefined
  const send = async (count: number) => {
    for (let n = 0; n < count; n++) {
      await trial.publish(messageOf('work', trial.engine.mintId(), 'x'.repeat(500)))
    }
    await trial.clock.advance(100)
  }
  await send(20)
  assert.match(trial.problems.join(), /tidying up failed.*ENOSPC/)
  assert.deepEqual(await trial.names(/ckpt/), [])
  disk.faults = () => undefined
  await send(20)
  assert.ok((await trial.names(/ckpt/)).length > 0)
})

test('a message held when a checkpoint is taken keeps its time to live across a crash', async () => {
  const trial = await EngineTrial.open({ reserveBytes: 0, checkpointBytes: 4_096 })
  await trial.publish(messageOf('work', 'short', '', { meta: { ttlMs: 30_000 } }))
  await trial.take('work', 1)
  for (let n = 0; n < 30; n++) await trial.publish(messageOf('other', `${n}`, 'x'.repeat(500)))
  await trial.clock.advance(100)
  assert.ok((await trial.names(/ckpt/)).length > 0)
  await trial.crash()
  await trial.clock.advance(40_000)
  assert.equal(await trial.state('short'), 'expired')
})
