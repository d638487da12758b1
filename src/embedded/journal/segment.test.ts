import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import {
  journalFormat,
  segmentHeader,
  segmentHeaderBytes,
  segmentHeaderIsWhole,
  segmentName,
  segmentNumber,
} from './segment.ts'

test('a segment is named by its number, and its number is read from its name', () => {
  for (const segment of [1, 42, 9_999_999_999]) {
    assert.equal(segmentNumber(segmentName(segment)), segment)
  }
  for (const other of ['journal-1.log', 'journal-0000000001.log.bak', 'reserve', 'lock']) {
    assert.equal(segmentNumber(other), undefined)
  }
})

test('names of segments sort as their numbers do', () => {
  const names = [2, 10, 1, 100].map(segmentName).toSorted()
  assert.deepEqual(names.map(segmentNumber), [1, 2, 10, 100])
})

test('a header is whole as it was made, and not with any byte of it altered', () => {
  const header = segmentHeader(3)
  assert.equal(header.length, segmentHeaderBytes)
  assert.ok(segmentHeaderIsWhole(header, 'x'))
  for (let at = 0; at < 20; at++) {
    const altered = Buffer.from(header)
    altered[at] = (altered[at] as number) ^ 0x10
    assert.equal(segmentHeaderIsWhole(altered, 'x'), false, `byte ${at}`)
  }
})

test('a header that is cut short is not whole', () => {
  const header = segmentHeader(3)
  for (let cut = 0; cut < segmentHeaderBytes; cut++) {
    assert.equal(segmentHeaderIsWhole(header.subarray(0, cut), 'x'), false)
  }
})

test('a segment of format 1 is read', () => {
  const header = segmentHeader(3)
  header.writeUInt32LE(1, 8)
  header.writeUInt32LE(crc32(header.subarray(0, 16)), 16)
  assert.ok(segmentHeaderIsWhole(header, 'x'))
})

test('a segment of a newer format is refused by name, with both versions and what to do', () => {
  const header = segmentHeader(3)
  header.writeUInt32LE(journalFormat + 1, 8)
  header.writeUInt32LE(crc32(header.subarray(0, 16)), 16)
  assert.throws(() => segmentHeaderIsWhole(header, segmentName(3)), {
    code: 'format-unknown',
    message:
      /^journal-0000000003\.log has journal format 3; .* reads formats up to 2: open .* with/,
  })
})
