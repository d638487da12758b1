import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from './bytes.ts'
import { frameAt, frameBytes, type RecordType, recordTypes, sealFrame } from './record.ts'

const types = Object.values(recordTypes)

function record(payload: Uint8Array, type: RecordType = recordTypes.accept, lsn = 7): Buffer {
  const writer = new ByteWriter(frameBytes)
  writer.length = frameBytes
  writer.raw(payload)
  sealFrame(writer.buffer, writer.view, 0, writer.length, type, lsn)
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
        const frame = frameAt(bytes, before)
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
      assert.equal(frameAt(altered, 0), undefined, `bit ${bit} of byte ${at}`)
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
      assert.equal(frameAt(altered, 0), undefined, `byte ${at} is ${value}`)
    }
  }
})

test('a record that is cut short anywhere is no record', () => {
  const whole = record(Buffer.from('a payload'))
  for (let cut = 0; cut < whole.length; cut++) {
    assert.equal(frameAt(whole.subarray(0, cut), 0), undefined)
    assert.equal(frameAt(whole, 0, cut), undefined)
  }
})

test('zeros are no record, however many', () => {
  for (const length of [0, 1, frameBytes, 64, 5_000]) {
    assert.equal(frameAt(Buffer.alloc(length), 0), undefined)
  }
})

test('bytes of chance are no record', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: frameBytes, maxLength: 200 }), (bytes) => {
      assert.equal(frameAt(Buffer.from(bytes), 0), undefined)
    }),
    { numRuns: 2_000, seed: 1 },
  )
})

test('a record of an empty payload is a record', () => {
  assert.equal(frameAt(record(new Uint8Array(0)), 0)?.end, frameBytes)
})
