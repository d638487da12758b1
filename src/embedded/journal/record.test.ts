import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '../../bytes.ts'
import {
  frameAt,
  frameBytes,
  type RecordType,
  recordHome,
  recordTypes,
  sealFrame,
} from './record.ts'

const types = Object.values(recordTypes)
const home = recordHome(3, 128)

function record(payload: Uint8Array, type: RecordType = recordTypes.accept, lsn = 7): Buffer {
  const writer = new ByteWriter(frameBytes)
  writer.length = frameBytes
  writer.raw(payload)
  sealFrame(writer.buffer, writer.view, 0, writer.length, type, lsn, home)
  return writer.taken()
}

test('a record is found again with its type, its LSN and its payload', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom(...types),
      fc.oneof(fc.nat(), fc.integer({ min: 2 ** 32, max: 2 ** 48 - 1 })),
      fc.nat(20),
      (payload, type, lsn, before) => {
        const bytes = Buffer.concat([Buffer.alloc(before), record(payload, type, lsn)])
        const frame = frameAt(bytes, before, home)
        assert.ok(frame)
        assert.equal(frame.type, type)
        assert.equal(frame.lsn, lsn)
        assert.equal(frame.end, bytes.length)
        assert.deepEqual(bytes.subarray(frame.payloadFrom, frame.end), Buffer.from(payload))
      },
    ),
  )
})

test('every altered bit of a record is detected', () => {
  const whole = record(Buffer.from('a payload of some length'))
  for (let at = 0; at < whole.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const altered = Buffer.concat([whole, Buffer.alloc(600)])
      altered[at] = (altered[at] as number) ^ (1 << bit)
      assert.equal(frameAt(altered, 0, home), undefined, `bit ${bit} of byte ${at}`)
    }
  }
})

test('every byte of a record altered to any value is detected', () => {
  const whole = record(Buffer.from('short'))
  for (let at = 0; at < whole.length; at++) {
    for (let value = 0; value < 256; value++) {
      if (value === whole[at]) continue
      const altered = Buffer.concat([whole, Buffer.alloc(300)])
      altered[at] = value
      assert.equal(frameAt(altered, 0, home), undefined, `byte ${at} is ${value}`)
    }
  }
})

test('a record that is cut short anywhere is no record', () => {
  const whole = record(Buffer.from('a payload'))
  for (let cut = 0; cut < whole.length; cut++) {
    assert.equal(frameAt(whole.subarray(0, cut), 0, home), undefined)
  }
})

test('zeros are no record, however many', () => {
  for (const length of [0, 1, frameBytes, 64, 5_000]) {
    assert.equal(frameAt(Buffer.alloc(length), 0, home), undefined)
  }
})

test('bytes of chance are no record', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: frameBytes, maxLength: 200 }), (bytes) => {
      assert.equal(frameAt(Buffer.from(bytes), 0, home), undefined)
    }),
    { numRuns: 2_000, seed: 1 },
  )
})

test('a record of an empty payload is a record', () => {
  assert.equal(frameAt(record(new Uint8Array(0)), 0, home)?.end, frameBytes)
})

test('a whole record in another place, or of another segment, is no record', () => {
  const whole = record(Buffer.from('a payload'))
  for (const [segment, from] of [
    [3, 129],
    [3, 0],
    [4, 128],
    [128, 3],
    [0, 128],
  ] as const) {
    assert.equal(frameAt(whole, 0, recordHome(segment, from)), undefined)
  }
})

test('places of many segments have homes of their own', () => {
  const homes = new Set<number>()
  for (let segment = 1; segment <= 100; segment++) {
    for (let from = 64; from < 64 + 100 * 16; from += 16) homes.add(recordHome(segment, from))
  }
  assert.equal(homes.size, 100 * 100)
})
