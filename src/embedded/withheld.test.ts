import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Frame, type RecordType, recordTypes } from './journal/record.ts'
import { Withheld } from './withheld.ts'

const payload = (text = ''): Buffer => Buffer.from(text)
const lies = { segment: 1, from: 64, bytes: 32 }
const frame = (type: RecordType, lsn: number, buffer: Buffer): Frame => ({
  type,
  lsn,
  payloadFrom: 0,
  end: buffer.length,
})

function takes(withheld: Withheld, type: RecordType, lsn: number, text = ''): boolean {
  const buffer = payload(text)
  return withheld.takes(frame(type, lsn, buffer), buffer, lies)
}

test('without a hole nothing is withheld', () => {
  const withheld = new Withheld()
  assert.equal(takes(withheld, recordTypes.remove, 5), false)
})

test('behind a hole removals and deletions of queues wait, and nothing else', () => {
  const withheld = new Withheld()
  withheld.hole()
  assert.equal(takes(withheld, recordTypes.accept, 4), false)
  assert.equal(takes(withheld, recordTypes.topology, 5, '{"op":"queue","number":1}'), false)
  assert.equal(takes(withheld, recordTypes.topology, 6, '{"op":"queue-deleted","number":1}'), true)
  assert.equal(takes(withheld, recordTypes.remove, 7, 'positions'), true)
})

test('a later batch that claims them lets them go; one that does not drops them', () => {
  const withheld = new Withheld()
  withheld.hole()
  takes(withheld, recordTypes.remove, 7, 'positions')
  const [late] = withheld.nextBatch(8)
  assert.equal(late?.frame.lsn, 7)
  assert.equal(late?.buffer.toString(), 'positions')
  withheld.hole()
  takes(withheld, recordTypes.remove, 12)
  assert.deepEqual(withheld.nextBatch(10), [])
  assert.equal(takes(withheld, recordTypes.remove, 14), false)
})
