import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JournalTrial, textsOn } from '../../../test/embedded/journal-trial.ts'
import type { DiskFault, DiskOperation } from '../../testing/disk-fault.ts'
import { randomSource } from '../../testing/random.ts'

const ofJournal = (operation: DiskOperation, kind: DiskOperation['kind']): boolean =>
  operation.kind === kind && operation.name.startsWith('journal-')

/** Every operation of that kind on a segment goes wrong in that way. */
const always =
  (kind: DiskOperation['kind'], fault: DiskFault) =>
  (operation: DiskOperation): DiskFault | undefined =>
    ofJournal(operation, kind) ? fault : undefined

const eio: DiskFault = { kind: 'fail', code: 'EIO' }
const enospc: DiskFault = { kind: 'fail', code: 'ENOSPC' }

for (const kind of ['write', 'sync'] as const) {
  test(`a ${kind} that fails ends the journal: everybody is told, nothing more is taken or tried`, async () => {
    const trial = await JournalTrial.open()
    const { journal, disk } = trial
    trial.appendAndTell('before')
    await trial.durable()
    disk.faults = always(kind, eio)
    trial.appendAndTell('a')
    await trial.clock.settle()
    trial.appendAndTell('gathered meanwhile')
    await trial.clock.advance(1_000)
    disk.faults = () => undefined
    assert.deepEqual(trial.told, ['before', '!a', '!gathered meanwhile'])
    assert.equal(trial.failures.length, 1)
    assert.equal(journal.failure, trial.failures[0])
    assert.equal(journal.failure?.code, 'disk-failed')
    assert.match(journal.failure?.message ?? '', /EIO.*nothing more is confirmed: check the disk/)
    assert.throws(() => journal.begin(), { code: 'disk-failed' })
    await assert.rejects(trial.durable(), { code: 'disk-failed' })
    const { write, sync } = { ...disk.counts }
    await trial.clock.advance(10_000)
    await trial.close()
    assert.deepEqual([disk.counts.write, disk.counts.sync], [write, sync])
    assert.equal(trial.failures.length, 1)
  })
}

test('after a failed sync, recovery finds all that was told before, whatever the disk kept', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const trial = await JournalTrial.open({}, { random: randomSource(seed) })
    for (const text of ['a', 'b']) {
      trial.appendAndTell(text)
      await trial.durable()
    }
    trial.disk.faults = always('sync', eio)
    trial.appendAndTell('c')
    await trial.clock.advance(1_000)
    const disk = trial.disk.afterPowerCut(randomSource(seed), {})
    const found = await textsOn(disk, trial.clock)
    assert.deepEqual(found.slice(0, 2), ['a', 'b'])
    assert.deepEqual(trial.told, ['a', 'b', '!c'])
  }
})

test('a background sync that fails ends the journal as well', async () => {
  const trial = await JournalTrial.open({ sync: { everyMs: 20 } })
  trial.disk.faults = always('sync', eio)
  trial.appendAndTell('a')
  await trial.durable()
  await trial.clock.advance(100)
  assert.deepEqual(trial.told, ['a'])
  assert.equal(trial.failures.length, 1)
  assert.throws(() => trial.journal.begin(), { code: 'disk-failed' })
})

test('a sync for a checkpoint that fails ends the journal: a second one would seem to succeed', async () => {
  const trial = await JournalTrial.open({ sync: 'never' })
  trial.append('a')
  await trial.durable()
  trial.disk.faults = always('sync', eio)
  await assert.rejects(trial.clock.until(trial.journal.safe()))
  trial.disk.faults = () => undefined
  await assert.rejects(trial.clock.until(trial.journal.safe()), { code: 'disk-failed' })
  assert.equal(trial.failures.length, 1)
})

test('a full disk gets the reserve: what was gathered is written, and new messages are refused', async () => {
  const trial = await JournalTrial.open({ reserveBytes: 64 * 1024 }, { capacityBytes: 1_000_000 })
  const { disk, journal } = trial
  assert.equal(journal.full, false)
  assert.ok((await trial.clock.until(disk.list())).includes('reserve'))
  trial.append('x'.repeat(300))
  await trial.durable()
  disk.capacityBytes = disk.state.usedBytes()
  trial.appendAndTell('settled')
  await trial.durable()
  assert.deepEqual(trial.told, ['settled'])
  assert.equal(journal.full, true)
  assert.equal((await trial.clock.until(disk.list())).includes('reserve'), false)
  assert.deepEqual(trial.failures, [])
})

test('on a disk that is full to the last byte nobody is told until there is room, and then in order', async () => {
  const trial = await JournalTrial.open({ reserveBytes: 8_192 }, { capacityBytes: 500_000 })
  const { disk } = trial
  disk.capacityBytes = disk.state.usedBytes() - 8_192
  for (const text of ['a', 'b']) {
    trial.appendAndTell(text)
    await trial.clock.advance(5_000)
  }
  assert.deepEqual(trial.told, [])
  assert.deepEqual(trial.failures, [])
  disk.capacityBytes += 200_000
  await trial.clock.advance(1_000)
  assert.deepEqual(trial.told, ['a', 'b'])
  assert.deepEqual(await textsOn(disk, trial.clock), ['a', 'b'])
})

test('once there is room again the reserve is taken back and new messages are accepted', async () => {
  const trial = await JournalTrial.open({ reserveBytes: 64 * 1024 }, { capacityBytes: 1_000_000 })
  const { disk, journal, clock } = trial
  disk.capacityBytes = disk.state.usedBytes()
  trial.append('a')
  await trial.durable()
  assert.equal(journal.full, true)
  await clock.until(journal.retakeReserve())
  assert.equal(journal.full, true, 'there is no room yet')
  disk.capacityBytes += 400_000
  await clock.until(journal.retakeReserve())
  assert.equal(journal.full, false)
  assert.ok((await clock.until(disk.list())).includes('reserve'))
})

test('many who ask at once for the reserve to be taken back leave it whole', async () => {
  const trial = await JournalTrial.open({ reserveBytes: 64 * 1024 }, { capacityBytes: 1_000_000 })
  const { disk, journal, clock } = trial
  disk.capacityBytes = disk.state.usedBytes()
  trial.append('a')
  await trial.durable()
  disk.capacityBytes += 400_000
  await clock.until(Promise.all(Array.from({ length: 20 }, () => journal.retakeReserve())))
  assert.equal(journal.full, false)
  assert.ok((disk.state.find('reserve')?.seenLength ?? 0) >= 50_000)
})

test('a disk that cannot say how much room it has does not end the journal', async () => {
  const trial = await JournalTrial.open({ reserveBytes: 64 * 1024 }, { capacityBytes: 1_000_000 })
  const { disk } = trial
  disk.capacityBytes = disk.state.usedBytes()
  disk.faults = ({ kind }) => (kind === 'freeBytes' ? eio : undefined)
  trial.appendAndTell('a')
  await trial.clock.advance(1_000)
  disk.capacityBytes += 400_000
  trial.appendAndTell('b')
  await trial.clock.advance(1_000)
  assert.deepEqual(trial.told, ['a', 'b'])
  assert.deepEqual(trial.failures, [])
})

test('without a reserve asked for, messages are accepted all the same', async () => {
  for (const reserveBytes of [0, 1_000]) {
    const trial = await JournalTrial.open({ reserveBytes }, { capacityBytes: 1_000_000 })
    assert.equal(trial.journal.full, false, `${reserveBytes} bytes`)
    trial.disk.capacityBytes = trial.disk.state.usedBytes()
    trial.appendAndTell('a')
    await trial.clock.advance(1_000)
    assert.equal(trial.journal.full, true)
    trial.disk.capacityBytes += 100_000
    await trial.clock.advance(1_000)
    assert.deepEqual(trial.told, ['a'])
    await trial.clock.until(trial.journal.retakeReserve())
    assert.equal(trial.journal.full, false)
  }
})

test('a write that took only its first bytes on a full disk is made again in full', async () => {
  const trial = await JournalTrial.open({ reserveBytes: 8_192 }, { capacityBytes: 500_000 })
  let cuts = 0
  trial.disk.faults = (operation) =>
    ofJournal(operation, 'write') && cuts++ === 0 ? { kind: 'shorten' } : undefined
  const texts = ['a'.repeat(3_000), 'b'.repeat(3_000)]
  for (const text of texts) trial.appendAndTell(text)
  await trial.clock.advance(1_000)
  assert.deepEqual(trial.told, texts)
  assert.deepEqual(await textsOn(trial.disk, trial.clock), texts)
})

test('a journal is opened on a full disk by giving the reserve up, and refuses new messages', async () => {
  const trial = await JournalTrial.open({ reserveBytes: 64 * 1024 }, { capacityBytes: 600_000 })
  await trial.close()
  trial.disk.capacityBytes = trial.disk.state.usedBytes()
  await trial.open({ reserveBytes: 64 * 1024 }, { segment: 1, lsn: 10 })
  assert.equal(trial.journal.full, true)
  trial.appendAndTell('settled')
  await trial.durable()
  assert.deepEqual(trial.told, ['settled'])
})

test('a next segment that cannot be made now leaves the journal going on in the old one', async () => {
  const trial = await JournalTrial.open({ segmentBytes: 4_096 })
  const { disk } = trial
  disk.faults = (operation) => (operation.kind === 'create' ? enospc : undefined)
  const texts: string[] = []
  const append = async () => {
    texts.push(`${texts.length} ${'x'.repeat(300)}`)
    trial.appendAndTell(texts.at(-1) as string)
    await trial.durable()
  }
  for (let n = 0; n < 20; n++) await append()
  assert.equal(trial.journal.segment, 1)
  disk.faults = () => undefined
  for (let n = 0; n < 10; n++) await append()
  assert.ok(trial.journal.segment > 1)
  assert.deepEqual(trial.told, texts)
  assert.deepEqual(await textsOn(disk, trial.clock), texts)
})

test('a next segment whose making was cut off by a fault is made anew', async () => {
  for (const kind of ['write', 'sync', 'syncDirectory'] as const) {
    const trial = await JournalTrial.open({ segmentBytes: 4_096 })
    let failed = false
    trial.disk.faults = (operation) => {
      const hit = operation.kind === kind && operation.name !== 'journal-0000000001.log'
      if (!hit || failed) return undefined
      failed = true
      return enospc
    }
    const texts = Array.from({ length: 30 }, (_, n) => `${n} ${'x'.repeat(300)}`)
    for (const text of texts) {
      trial.append(text)
      await trial.durable()
    }
    assert.ok(failed && trial.journal.segment > 1, kind)
    assert.deepEqual(await textsOn(trial.disk, trial.clock), texts)
  }
})

test('whichever operation of a small workload is lost, cut or fails, nothing told is missing', async () => {
  const faults: DiskFault[] = [
    eio,
    enospc,
    { kind: 'shorten' },
    { kind: 'cut' },
    { kind: 'lose', when: 'before' },
    { kind: 'lose', when: 'after' },
  ]
  for (const fault of faults) {
    for (let number = 1; number < 40; number++) {
      const trial = new JournalTrial({
        random: randomSource(number),
        faults: (operation) => (operation.number === number ? fault : undefined),
      })
      await trial.open({ segmentBytes: 4_096 }).catch(() => undefined)
      await workload(trial).catch(() => undefined)
      const told = trial.told.filter((text) => !text.startsWith('!'))
      const disk = trial.disk.afterPowerCut(randomSource(number), {})
      const found = await textsOn(disk, trial.clock)
      const lost = told.filter((text) => !found.includes(text))
      assert.deepEqual(lost, [], `operation ${number}: ${fault.kind}`)
    }
  }
})

async function workload(trial: JournalTrial): Promise<void> {
  for (let n = 0; n < 12; n++) {
    trial.appendAndTell(`${n} ${'x'.repeat(700)}`)
    await trial.clock.advance(20)
  }
}
