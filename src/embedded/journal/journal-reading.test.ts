import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Appended, JournalTrial } from '../../../test/embedded/journal-trial.ts'
import { ByteReader } from '../../bytes.ts'
import { frameBytes } from './record.ts'
import { segmentName } from './segment.ts'

const textOf = (record: Buffer): string => new ByteReader(record, frameBytes).text32()

/** A closed journal with those texts, opened again: nothing of them is in memory. */
async function reopened(...texts: string[]): Promise<{ trial: JournalTrial; places: Appended[] }> {
  const trial = await JournalTrial.open({ segmentBytes: 16 * 1024 * 1024 })
  const places = texts.map((text) => trial.append(text))
  await trial.close()
  await trial.open({}, { segment: trial.journal.segment, lsn: trial.journal.lastLsn })
  return { trial, places }
}

async function alter(trial: JournalTrial, { segment, from }: Appended, at: number): Promise<void> {
  const altering = async () => {
    const file = await trial.disk.open(segmentName(segment))
    const byte = new Uint8Array(1)
    await file.read(byte, from + at)
    await file.write(new Uint8Array([(byte[0] as number) ^ 0x40]), from + at)
  }
  await trial.clock.until(altering())
}

const load = (trial: JournalTrial, { segment, from }: Appended): Promise<Buffer> =>
  trial.clock.until(trial.journal.load(segment, from))

test('a record is read from memory before it is written, while it is, and long after', async () => {
  const trial = await JournalTrial.open({ tailBytesMax: 16 * 1024 * 1024 })
  const place = trial.append('mine')
  const read = () => textOf(trial.journal.peek(place.segment, place.from) as Buffer)
  assert.equal(read(), 'mine')
  await trial.clock.settle()
  assert.equal(read(), 'mine')
  await trial.durable()
  assert.equal(read(), 'mine')
  for (let n = 0; n < 40; n++) {
    trial.append('x'.repeat(60_000))
    await trial.durable()
  }
  assert.equal(read(), 'mine')
})

test('what is no longer in memory is read from disk, and its neighbours with it', async () => {
  const trial = await JournalTrial.open({ tailBytesMax: 100_000, segmentBytes: 1024 * 1024 })
  const texts = Array.from({ length: 200 }, (_, n) => `${n} ${'x'.repeat(20_000)}`)
  const places: Appended[] = []
  for (const text of texts) {
    places.push(trial.append(text))
    await trial.durable()
  }
  const [first, second] = places as [Appended, Appended]
  assert.equal(trial.journal.peek(first.segment, first.from), undefined)
  assert.equal(textOf(await load(trial, first)), texts[0])
  assert.equal(textOf(trial.journal.peek(second.segment, second.from) as Buffer), texts[1])
  for (const [n, place] of places.entries())
    assert.equal(textOf(await load(trial, place)), texts[n])
})

test('a body read before stays the same whatever is read or written afterwards', async () => {
  const { trial, places } = await reopened('a'.repeat(50_000), 'b'.repeat(900_000), 'c')
  const body = await load(trial, places[0] as Appended)
  const copy = Buffer.from(body)
  for (const place of places) await load(trial, place)
  for (let n = 0; n < 30; n++) trial.append('z'.repeat(90_000))
  await trial.durable()
  assert.ok(body.equals(copy))
})

test('a record larger than what is read at once is read whole', async () => {
  const { trial, places } = await reopened('small', 'y'.repeat(2_000_000), 'last')
  const texts = await Promise.all(places.map(() => ''))
  for (const [n, place] of places.entries()) texts[n] = textOf(await load(trial, place))
  assert.deepEqual(
    texts.map((text) => text.length),
    [5, 2_000_000, 4],
  )
})

test('an altered record is refused, with its place and what to do', async () => {
  const { trial, places } = await reopened('first', 'second')
  const [place] = places as [Appended]
  await alter(trial, place, 20)
  await assert.rejects(load(trial, place), {
    code: 'journal-damaged',
    message: /record at \d+ in segment 1 does not match its checksum.*homing verify/,
  })
})

test('an altered record is detected too when it was read along with the one before it', async () => {
  for (const at of [0, 2, 4, 8, 10, 18, 22]) {
    const { trial, places } = await reopened('first', 'second', 'third')
    const [first, second, third] = places as [Appended, Appended, Appended]
    await alter(trial, second, at)
    assert.equal(textOf(await load(trial, first)), 'first')
    assert.equal(trial.journal.peek(second.segment, second.from), undefined, `byte ${at}`)
    await assert.rejects(load(trial, second), { code: 'journal-damaged' })
    assert.equal(textOf(await load(trial, third)), 'third')
  }
})

test('a record that the disk cut short is refused', async () => {
  const { trial, places } = await reopened('first', 'second')
  const second = places[1] as Appended
  const inode = trial.disk.state.find(segmentName(1))
  assert.ok(inode)
  inode.seenLength = second.from + second.bytes - 1
  await assert.rejects(load(trial, second), { code: 'journal-damaged' })
})

test('a segment that is gone is an error of the read, and the journal goes on', async () => {
  const { trial, places } = await reopened('first')
  await trial.clock.until(trial.disk.remove(segmentName(1)))
  await assert.rejects(load(trial, places[0] as Appended), {
    code: 'journal-damaged',
    message: /in segment 1 is gone with its file: run "homing verify"/,
  })
  trial.appendAndTell('on it goes')
  await trial.durable()
  assert.deepEqual(trial.told, ['on it goes'])
})

test('many segments are read at once without mixing them up, however few files are kept open', async () => {
  const trial = await JournalTrial.open({ segmentBytes: 4_096, tailBytesMax: 0 })
  const places: Appended[] = []
  for (let n = 0; n < 400; n++) {
    places.push(trial.append(`${n} ${'x'.repeat(400)}`))
    await trial.durable()
  }
  await trial.close()
  await trial.open({ tailBytesMax: 0 }, { segment: trial.journal.segment, lsn: 1_000_000 })
  const { clock, journal } = trial
  for (let round = 0; round < 3; round++) {
    const reads = places.map(({ segment, from }) => journal.load(segment, from))
    const records = await clock.until(Promise.all(reads))
    for (const [n, record] of records.entries()) {
      assert.match(textOf(record), new RegExp(`^${n} x`))
    }
  }
  await trial.close()
  assert.equal(trial.disk.counts.open + trial.disk.counts.create, trial.disk.counts.close)
})

test('a segment may be removed while it is read; the read ends well or with an error', async () => {
  const { trial, places } = await reopened('first')
  const { segment, from } = places[0] as Appended
  const reading = trial.journal.load(segment, from).then(textOf, (error) => error.code)
  const removing = trial.journal.removeSegment(segment)
  const [seen] = await trial.clock.until(Promise.all([reading, removing]))
  assert.ok(['first', 'journal-damaged'].includes(seen), seen)
})
