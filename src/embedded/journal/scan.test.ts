import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '../../bytes.ts'
import { memoryDisk } from './memory-disk.ts'
import { frameBytes, recordHome, recordTypes, sealFrame } from './record.ts'
import { scanSegment } from './scan.ts'
import { segmentHeader, segmentHeaderBytes, segmentName } from './segment.ts'

const pieceBytes = 4 * 1024 * 1024

/** A segment with one record of each payload length, and where each of them starts. */
function segmentOf(payloadBytes: readonly number[]): { bytes: Buffer; starts: number[] } {
  const writer = new ByteWriter(1024)
  writer.raw(segmentHeader(1))
  const starts: number[] = []
  for (const [n, bytes] of payloadBytes.entries()) {
    const at = writer.length
    starts.push(at)
    writer.ensure(frameBytes + bytes)
    writer.length += frameBytes
    // A letter that looks like no record, so that only records can be taken for records.
    writer.buffer.fill(0x6e, writer.length, writer.length + bytes)
    writer.length += bytes
    const home = recordHome(1, at)
    sealFrame(writer.buffer, writer.view, at, writer.length, recordTypes.accept, n + 1, home)
  }
  return { bytes: Buffer.from(writer.taken()), starts }
}

interface Found {
  readonly lsns: number[]
  readonly places: number[]
  readonly skippedBytes: number
}

async function scan(bytes: Buffer, from = 0): Promise<Found> {
  const disk = memoryDisk()
  const file = await disk.create(segmentName(1))
  await file.write(bytes, 0)
  const lsns: number[] = []
  const places: number[] = []
  let skippedBytes = 0
  let told = Math.max(from, segmentHeaderBytes)
  await scanSegment(disk, 1, from, {
    record(frame, buffer, segment, at, length) {
      assert.equal(segment, 1)
      assert.ok(at >= told, 'records and gaps are told in order, without overlap')
      told = at + length
      assert.deepEqual(
        buffer.subarray(frame.payloadFrom, frame.end),
        bytes.subarray(at + frameBytes, at + length),
      )
      lsns.push(frame.lsn)
      places.push(at)
    },
    skipped(what) {
      skippedBytes += what.bytes
      if (what.from >= segmentHeaderBytes) told = what.from + what.bytes
    },
  })
  return { lsns, places, skippedBytes }
}

const all = (count: number, ...missing: number[]): number[] =>
  Array.from({ length: count }, (_, n) => n + 1).filter((lsn) => !missing.includes(lsn))

test('every record of a whole segment is found at its place, and nothing is skipped', async () => {
  const { bytes, starts } = segmentOf([0, 1, 100, 5_000, 3])
  assert.deepEqual(await scan(bytes), { lsns: all(5), places: starts, skippedBytes: 0 })
})

test('a scan begins at the record it is told to begin at', async () => {
  const { bytes, starts } = segmentOf([10, 20, 30])
  assert.deepEqual((await scan(bytes, starts[1])).lsns, [2, 3])
})

test('a byte altered anywhere costs the record it lies in and no other', async () => {
  const { bytes, starts } = segmentOf([0, 7, 40, 1, 16])
  for (let at = segmentHeaderBytes; at < bytes.length; at++) {
    for (const bit of [0, 3, 7]) {
      const altered = Buffer.from(bytes)
      altered[at] = (altered[at] as number) ^ (1 << bit)
      const damaged = starts.findLastIndex((start) => start <= at) + 1
      const { lsns } = await scan(altered)
      assert.deepEqual(lsns, all(5, damaged), `bit ${bit} of byte ${at}`)
    }
  }
})

test('a damaged header of the segment costs no record', async () => {
  const { bytes } = segmentOf([10, 20])
  bytes[0] = 0
  assert.deepEqual(await scan(bytes), {
    lsns: all(2),
    places: [64, 90],
    skippedBytes: segmentHeaderBytes,
  })
})

test('an altered length costs its record, whatever it claims', async () => {
  const { bytes, starts } = segmentOf([30, 30, 30, 30])
  for (const claimed of [0, 1, 29, 31, 46, 47, 92, 5_000, 2 ** 24, 2 ** 31, 2 ** 32 - 1]) {
    const altered = Buffer.from(bytes)
    altered.writeUInt32LE(claimed, starts[1])
    assert.deepEqual((await scan(altered)).lsns, [1, 3, 4], `${claimed} bytes claimed`)
  }
})

test('a segment cut short anywhere keeps every record before the cut', async () => {
  const { bytes, starts } = segmentOf([5, 0, 60, 9])
  const ends = [...starts.slice(1), bytes.length]
  for (let cut = 0; cut <= bytes.length; cut++) {
    const whole = ends.filter((end) => end <= cut).length
    assert.deepEqual((await scan(bytes.subarray(0, cut))).lsns, all(whole), `cut at ${cut}`)
  }
})

test('zeros at the end, as a power cut leaves them, are passed over', async () => {
  const { bytes } = segmentOf([5, 6])
  const { lsns } = await scan(Buffer.concat([bytes, Buffer.alloc(2 * pieceBytes + 77)]))
  assert.deepEqual(lsns, all(2))
})

test('a hole of zeros costs what it covers, and what lies behind it is found', async () => {
  const { bytes, starts } = segmentOf([200, 200, 200, 200])
  for (const [from, to] of [
    [starts[1], starts[2]],
    [starts[1], (starts[2] as number) - 1],
    [(starts[1] as number) + 3, (starts[1] as number) + 4],
  ] as [number, number][]) {
    const holed = Buffer.from(bytes).fill(0, from, to)
    if (holed.equals(bytes)) continue
    assert.deepEqual((await scan(holed)).lsns, [1, 3, 4], `zeros from ${from} to ${to}`)
  }
  const wide = segmentOf([200, pieceBytes + 12_345, 200, 200])
  wide.bytes.fill(0, wide.starts[1], wide.starts[2])
  assert.deepEqual((await scan(wide.bytes)).lsns, [1, 3, 4])
})

test('a record that the disk put in another place is passed over, and so is one within a body', async () => {
  const { bytes, starts } = segmentOf([50, 50, 50, 50])
  const moved = Buffer.from(bytes)
  bytes.copy(moved, starts[1], starts[2], starts[3])
  assert.deepEqual((await scan(moved)).lsns, [1, 3, 4])
  const nested = segmentOf([50, 500, 50])
  const { bytes: other } = segmentOf([1, 2, 3, 4])
  other.copy(nested.bytes, (nested.starts[1] as number) + 30, segmentHeaderBytes)
  assert.deepEqual((await scan(nested.bytes)).lsns, [1, 3])
})

/** Records of a size such that one of them lies across the border of two pieces. */
const acrossBorder = () => {
  const segment = segmentOf(Array.from({ length: 90 }, () => 100_003))
  const border = segmentHeaderBytes + pieceBytes
  const across = segment.starts.findLastIndex((start) => start < border)
  return { ...segment, across, border }
}

test('a record across two pieces is found', async () => {
  const { bytes, starts } = acrossBorder()
  assert.deepEqual(await scan(bytes), { lsns: all(90), places: starts, skippedBytes: 0 })
})

test('damage to a record across two pieces, or right before it, costs that record alone', async () => {
  const { bytes, starts, across, border } = acrossBorder()
  const start = starts[across] as number
  const places = [
    ...[0, 1, 2, 3, 4, 8, 9, 10, 16, 50].map((offset) => start + offset),
    ...[-20, -2, -1, 0, 1, 20].map((offset) => border + offset),
    ...[1, 2, 17, 100_010].map((offset) => start - offset),
    (starts[across + 1] as number) - 1,
  ]
  for (const place of places) {
    const altered = Buffer.from(bytes)
    altered[place] = (altered[place] as number) ^ 0x55
    const damaged = starts.findLastIndex((one) => one <= place) + 1
    assert.deepEqual((await scan(altered)).lsns, all(90, damaged), `byte ${place} altered`)
  }
})

test('a border of two pieces within a frame loses nothing, wherever in the frame it falls', async () => {
  for (let before = 0; before <= frameBytes; before++) {
    const { bytes } = segmentOf([pieceBytes - frameBytes - before, 300, 300])
    assert.deepEqual((await scan(bytes)).lsns, all(3), `${before} bytes before the border`)
    bytes[segmentHeaderBytes + 500] = 0
    assert.deepEqual((await scan(bytes)).lsns, [2, 3], `damaged, ${before} bytes before`)
  }
})

test('a record larger than a piece is found, and damage to it costs it alone', async () => {
  const { bytes, starts } = segmentOf([10, pieceBytes * 2 + 5, 20, pieceBytes + 1, 30])
  assert.deepEqual((await scan(bytes)).lsns, all(5))
  for (const offset of [0, 3, 8, 10, 1_000, pieceBytes + 7]) {
    const altered = Buffer.from(bytes)
    const place = (starts[1] as number) + offset
    altered[place] = (altered[place] as number) ^ 1
    assert.deepEqual((await scan(altered)).lsns, all(5, 2), `byte ${offset} of it altered`)
  }
})

test('whatever is altered in a segment, every record that was not touched is found', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.nat(300), { minLength: 1, maxLength: 30 }),
    fc.array(fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), bytes: fc.nat(40) }), {
      maxLength: 3,
    }),
    fc.nat(255),
    async (lengths, damages, value) => {
      const { bytes, starts } = segmentOf(lengths)
      const altered = Buffer.from(bytes)
      for (const damage of damages) {
        const from =
          segmentHeaderBytes + Math.floor(damage.at * (bytes.length - segmentHeaderBytes))
        altered.fill(value, from, Math.min(bytes.length, from + damage.bytes))
      }
      const ends = [...starts.slice(1), bytes.length]
      const untouched = starts.flatMap((start, n) => {
        const end = ends[n] as number
        return altered.subarray(start, end).equals(bytes.subarray(start, end)) ? [n + 1] : []
      })
      assert.deepEqual((await scan(altered)).lsns, untouched)
    },
  )
  await fc.assert(property, { numRuns: 300 })
})

test('a handler that takes its time is waited for, record by record', async () => {
  const { bytes } = segmentOf([1, 2, 3])
  const disk = memoryDisk()
  await (await disk.create(segmentName(1))).write(bytes, 0)
  let busy = false
  let count = 0
  await scanSegment(disk, 1, 0, {
    async record() {
      assert.equal(busy, false)
      busy = true
      await new Promise((resolve) => setImmediate(resolve))
      busy = false
      count++
    },
    skipped: () => assert.fail('nothing is damaged'),
  })
  assert.equal(count, 3)
})
