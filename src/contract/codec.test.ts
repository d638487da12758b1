import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import avsc from 'avsc'
import fc from 'fast-check'
import { HomingError } from '../errors.ts'
import { avro } from './avro-codec.ts'
import { type Codec, decodeWith, encodeWith } from './codec.ts'
import { json } from './json-codec.ts'
import { msgpack } from './msgpack-codec.ts'
import { optionalModule } from './optional-module.ts'
import { binary, text } from './plain-codecs.ts'

const refused = (run: () => unknown, code: string, words: RegExp) =>
  assert.throws(
    run,
    (error) => error instanceof HomingError && error.code === code && words.test(error.message),
  )
const there = (codec: Codec, value: unknown) => decodeWith(codec, encodeWith(codec, value))

async function loaded(codec: Codec): Promise<Codec> {
  await codec.load?.()
  return codec
}

test('texts and bytes pass untouched', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) =>
      assert.equal(there(text, value), value),
    ),
  )
  fc.assert(fc.property(fc.uint8Array(), (value) => assert.deepEqual(there(binary, value), value)))
  assert.equal(there(text, '\ufeffwith a byte order mark'), '\ufeffwith a byte order mark')
})

test("bytes are copied: writing into the sender's own afterwards changes nothing", () => {
  const bytes = new Uint8Array([1, 2])
  const body = binary.encode(bytes)
  bytes[0] = 9
  assert.deepEqual([...body], [1, 2])
  const read = binary.decode(body)
  body[0] = 7
  assert.deepEqual([...read], [1, 2])
})

test('a codec refuses what is not its kind', () => {
  refused(() => encodeWith(text as Codec, 5), 'unserialisable', /of type number, not a text/)
  refused(() => encodeWith(text as Codec, '\ud800'), 'unserialisable', /surrogate/)
  refused(() => encodeWith(binary as Codec, 'x'), 'unserialisable', /not a Uint8Array/)
  refused(() => encodeWith(binary as Codec, null), 'unserialisable', /it is null/)
})

test('bytes that are no UTF-8 or no JSON are undecodable', () => {
  const wrong = Buffer.from([0x22, 0xff, 0x22])
  refused(() => decodeWith(json, wrong), 'undecodable', /not UTF-8/)
  refused(() => decodeWith(text as Codec, wrong), 'undecodable', /not UTF-8/)
  refused(() => decodeWith(json, Buffer.from('{"a":')), 'undecodable', /application\/json/)
})

test('MessagePack brings back what JSON cannot', async () => {
  const codec = await loaded(msgpack())
  const value = { at: new Date(5), n: Number.NaN, big: 2n ** 62n, bytes: new Uint8Array([1, 255]) }
  assert.deepEqual(there(codec, value), value)
  assert.equal(codec.check?.(value), undefined)
})

test('MessagePack refuses functions, circles and what would lose its kind', async () => {
  const codec = await loaded(msgpack())
  refused(() => codec.check?.({ f: () => 1 }), 'unserialisable', /a function at \$\.f/)
  refused(() => codec.check?.(new Map()), 'unserialisable', /a Map at \$ .*MessagePack/)
  const circle: unknown[] = []
  circle.push(circle)
  refused(() => codec.check?.(circle), 'unserialisable', /circle/)
})

test('two values written after each other do not share bytes', async () => {
  const codec = await loaded(msgpack())
  const first = codec.encode({ a: 1 })
  codec.encode({ a: 2 })
  assert.deepEqual(codec.decode(first), { a: 1 })
})

test('Avro takes a schema or a type made of one', async () => {
  const schema = { type: 'record', name: 'R', fields: [{ name: 'celsius', type: 'double' }] }
  const bySchema = await loaded(avro(schema))
  const byType = await loaded(avro(avsc.Type.forSchema(schema as never)) as Codec)
  const body = encodeWith(bySchema, { celsius: 21.5 })
  assert.equal(body.length, 8)
  assert.equal((decodeWith(byType, body) as { celsius: number }).celsius, 21.5)
  refused(() => encodeWith(bySchema, { celsius: 'warm' }), 'unserialisable', /avro/)
  refused(() => decodeWith(bySchema, Buffer.from([1])), 'undecodable', /avro/)
})

test('a package that is not installed is named with the line that installs it', async () => {
  await assert.rejects(
    optionalModule('msgpackr', 'msgpack()', () => Promise.reject(new Error('not found'))),
    (error) =>
      error instanceof HomingError &&
      error.code === 'module-missing' &&
      /npm install msgpackr/.test(error.message),
  )
})
