import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Appended, JournalTrial, textsOn } from '../../../test/embedded/journal-trial.ts'
import type { DiskOperation } from '../../testing/disk-fault.ts'
import { randomSource } from '../../testing/random.ts'
import { SimulatedDisk } from '../../testing/simulated-disk.ts'
import { recordTypes } from './record.ts'
import { scanSegment } from './scan.ts'

const touches = (operation: DiskOperation, kind: DiskOperation['kind']): boolean =>
  operation.kind === kind && operation.name.startsWith('journal-')

test('records of one turn are written and synced together, and told in the order of appending', async () => {
  const trial = await JournalTrial.open()
  const { write, sync } = { ...trial.disk.counts }
  for (const text of ['a', 'b', 'c']) trial.appendAndTell(text)
  assert.deepEqual(trial.told, [])
  await trial.durable()
  assert.deepEqual(trial.told, ['a', 'b', 'c'])
  assert.equal(trial.disk.counts.write - write, 1)
  assert.equal(trial.disk.counts.sync - sync, 1)
  assert.equal(trial.commits, 1)
})

test('nobody is told before the sync has returned', async () => {
  const trial = await JournalTrial.open()
  let toldAtSync: number | undefined
  trial.disk.faults = (operation) => {
    if (touches(operation, 'sync')) toldAtSync = trial.told.length
    return touches(operation, 'sync') ? { kind: 'slow', ms: 500 } : undefined
  }
  trial.appendAndTell('a')
  await trial.clock.advance(400)
  assert.deepEqual(trial.told, [])
  assert.equal(toldAtSync, 0)
  await trial.clock.advance(200)
  assert.deepEqual(trial.told, ['a'])
})

test('what is appended while a commit runs makes one commit, and is told after it', async () => {
  const trial = await JournalTrial.open()
  trial.disk.faults = (operation) =>
    touches(operation, 'sync') ? { kind: 'slow', ms: 100 } : undefined
  trial.appendAndTell('first')
  await trial.clock.advance(50)
  const { write } = { ...trial.disk.counts }
  for (let n = 0; n < 10; n++) {
    trial.appendAndTell(`${n}`)
    await trial.clock.advance(1)
  }
  assert.deepEqual(trial.told, [])
  await trial.clock.advance(1_000)
  assert.deepEqual(trial.told, ['first', ...'0123456789'])
  assert.equal(trial.disk.counts.write - write, 1)
})

test('who asks without an append of their own is told when what came before is durable', async () => {
  const trial = await JournalTrial.open()
  const { journal, told } = trial
  journal.whenDurable(() => told.push('nothing to wait for'))
  assert.deepEqual(told, ['nothing to wait for'])
  trial.appendAndTell('a')
  journal.whenDurable(() => told.push('in the same turn'))
  await trial.clock.settle()
  journal.whenDurable(() => told.push('while it is written'))
  assert.equal(told.length, 1)
  await trial.durable()
  assert.deepEqual(told.slice(1), ['a', 'in the same turn', 'while it is written'])
})

test('after a power cut in the middle of a commit, everything told is there and in order', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const trial = await JournalTrial.open({ segmentBytes: 4_096 }, { random: randomSource(seed) })
    const random = randomSource(seed)
    for (let n = 0; n < 40; n++) {
      trial.appendAndTell(`${n}:${'x'.repeat(random.below(300))}`)
      if (random.chance(0.5)) await trial.clock.advance(random.below(6))
    }
    const { told } = trial
    const disk = trial.disk.afterPowerCut(randomSource(seed + 1_000))
    const found = await textsOn(disk, trial.clock)
    const lost = told.filter((text) => !found.includes(text))
    assert.deepEqual(lost, [], `seed ${seed}`)
    const numbers = found.map((text) => Number.parseInt(text, 10))
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
      `seed ${seed}`,
    )
  }
})

test('the journal goes on in a new segment when one is full, with every record and LSN', async () => {
  const trial = await JournalTrial.open({ segmentBytes: 4_096 })
  const texts = Array.from({ length: 300 }, (_, n) => `${n} ${'x'.repeat(100)}`)
  const places: Appended[] = []
  for (const text of texts) {
    places.push(trial.append(text))
    if (places.length % 3 === 0) await trial.durable()
  }
  await trial.close()
  assert.deepEqual(await textsOn(trial.disk, trial.clock), texts)
  const segments = new Set(places.map(({ segment }) => segment))
  assert.ok(segments.size >= 4, `${segments.size} segments`)
  for (const { segment, lastLsn } of trial.sealed) {
    const last = places.findLast((place) => place.segment === segment)
    const next = places.find((place) => place.segment === segment + 1)
    assert.ok(last && next && last.lsn <= lastLsn && lastLsn < next.lsn)
  }
})

test('LSNs rise by one from record to record, across segments, after a start too', async () => {
  const trial = await JournalTrial.open({ segmentBytes: 4_096 })
  for (let n = 0; n < 60; n++) {
    trial.append('x'.repeat(200))
    await trial.durable()
  }
  await trial.close()
  const { segment, lastLsn } = trial.journal
  await trial.open({}, { segment, lsn: lastLsn })
  trial.append('after')
  await trial.close()
  const lsns: number[] = []
  const reading = async () => {
    for (let one = 1; one <= segment + 1; one++) {
      await scanSegment(trial.disk, one, 0, {
        record: ({ lsn }) => {
          lsns.push(lsn)
          return undefined
        },
        skipped: () => assert.fail('nothing is damaged'),
      })
    }
  }
  await trial.clock.until(reading())
  assert.deepEqual(
    lsns,
    Array.from({ length: lsns.length }, (_, n) => n + 1),
  )
})

test('each commit says up to which LSN the journal was durable when it began', async () => {
  const trial = await JournalTrial.open()
  for (const text of ['a', 'b', 'c']) {
    trial.append(text)
    await trial.durable()
  }
  await trial.close()
  const claims: [number, number][] = []
  const reading = scanSegment(trial.disk, 1, 0, {
    record: (frame, buffer) => {
      if (frame.type === recordTypes.batch) {
        claims.push([frame.lsn, buffer.readDoubleLE(frame.payloadFrom)])
      }
      return undefined
    },
    skipped: () => assert.fail('nothing is damaged'),
  })
  await trial.clock.until(reading)
  assert.deepEqual(claims, [
    [1, 0],
    [3, 2],
    [5, 4],
  ])
})

test('without sync a record is told once it is written; a close syncs it', async () => {
  const trial = await JournalTrial.open({ sync: 'never' })
  const { sync } = { ...trial.disk.counts }
  trial.appendAndTell('a')
  await trial.durable()
  assert.deepEqual(trial.told, ['a'])
  assert.equal(trial.disk.counts.sync, sync)
  await trial.close()
  assert.equal(trial.disk.counts.sync, sync + 1)
})

test('with sync every so often, what was told is synced within that time', async () => {
  const trial = await JournalTrial.open({ sync: { everyMs: 50 } })
  const { sync } = { ...trial.disk.counts }
  for (let n = 0; n < 5; n++) {
    trial.appendAndTell(`${n}`)
    await trial.durable()
  }
  assert.equal(trial.disk.counts.sync, sync)
  await trial.clock.advance(70)
  assert.equal(trial.disk.counts.sync, sync + 1)
  const disk = trial.disk.afterPowerCut(randomSource(1))
  assert.deepEqual(await textsOn(disk, trial.clock), [...'01234'])
})

test('with sync every so often, a segment that was left behind is synced too', async () => {
  const trial = await JournalTrial.open({ sync: { everyMs: 50 }, segmentBytes: 4_096 })
  const texts: string[] = []
  for (let n = 0; n < 30; n++) {
    texts.push(`${n} ${'x'.repeat(300)}`)
    trial.append(texts.at(-1) as string)
    await trial.durable()
  }
  await trial.clock.advance(200)
  assert.ok(trial.journal.segment > 1)
  for (let seed = 1; seed < 20; seed++) {
    const disk = new SimulatedDisk({ state: trial.disk.state.afterPowerCut(randomSource(seed)) })
    assert.deepEqual(await textsOn(disk, trial.clock), texts, `seed ${seed}`)
  }
})

test('with sync every so often, segments may come and go between two syncs', async () => {
  const trial = await JournalTrial.open({ sync: { everyMs: 60_000 }, segmentBytes: 4_096 })
  for (let n = 0; n < 150; n++) {
    trial.append(`${n} ${'x'.repeat(300)}`)
    await trial.durable()
  }
  assert.ok(trial.journal.segment > 4)
  await trial.clock.advance(61_000)
  assert.deepEqual(trial.failures, [])
  const disk = trial.disk.afterPowerCut(randomSource(1))
  assert.equal((await textsOn(disk, trial.clock)).length, 150)
})

test('a closed journal has written everything', async () => {
  const trial = await JournalTrial.open()
  for (const text of ['a', 'b']) trial.appendAndTell(text)
  await trial.close()
  assert.deepEqual(trial.told, ['a', 'b'])
  assert.deepEqual(await textsOn(trial.disk, trial.clock), ['a', 'b'])
})
