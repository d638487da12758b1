import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { HomingError } from '../errors.ts'
import {
  decodeGathered,
  decodeHomecoming,
  encodeGathered,
  encodeHomecoming,
  type Homecoming,
} from './homecoming.ts'

const outcome = {
  id: 'a',
  queue: 'q',
  code: 'ok',
  contentType: 'application/json',
  body: Buffer.from([0, 255, 10]),
  attempts: 2,
  acceptedAtMs: 1,
  finishedAtMs: 2.5,
}

test('an outcome, its context and its input come home byte for byte', () => {
  const homecoming: Homecoming = {
    outcome,
    context: '{"photoId":42}',
    input: { contentType: '', body: Buffer.from([1, 2, 254]) },
  }
  assert.deepEqual(decodeHomecoming(encodeHomecoming(homecoming)), homecoming)
})

test('an outcome without context and input comes home without them', () => {
  const homecoming = { outcome, context: undefined, input: undefined }
  assert.deepEqual(decodeHomecoming(encodeHomecoming(homecoming)), homecoming)
})

test('a finished gather keeps its members in order', () => {
  const gathered = { gatherId: 'g', memberIds: ['b', 'a'], context: undefined }
  assert.deepEqual(decodeGathered(encodeGathered(gathered)), gathered)
})

test('a homecoming that is not one is undecodable, and says why', () => {
  const bad = ['', 'null', '[]', '{}', '{"outcome":{"id":1}}', '{"gatherId":"g","memberIds":[1]}']
  for (const text of bad) {
    for (const decode of [decodeHomecoming, decodeGathered]) {
      assert.throws(
        () => decode(Buffer.from(text)),
        (error) => error instanceof HomingError && error.code === 'undecodable',
      )
    }
  }
})
