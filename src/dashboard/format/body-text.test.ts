import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { bytesOf, hexDump, jsonOf, jsonTokens, textOf } from './body-text.ts'

test('bytes that are text are shown as text, others are not', () => {
  assert.equal(textOf(Buffer.from('grüße 你好\n')), 'grüße 你好\n')
  assert.equal(textOf(Uint8Array.of(0xff, 0xfe)), undefined)
  assert.equal(textOf(Uint8Array.of(0x41, 0x00, 0x42)), undefined)
  assert.deepEqual(bytesOf('AP8='), Uint8Array.of(0, 255))
})

test('JSON is written anew; what is none stays text', () => {
  assert.equal(jsonOf('{"a":[1]}'), '{\n  "a": [\n    1\n  ]\n}')
  assert.equal(jsonOf('[ ]'), '[]')
  assert.equal(jsonOf('{a}'), undefined)
  const long = '{"id":9007199254740993,"t":"a: {b, c}"}'
  assert.equal(jsonOf(long), '{\n  "id": 9007199254740993,\n  "t": "a: {b, c}"\n}')
})

test('JSON is coloured by keys, strings and literals, and nothing of it is lost', () => {
  const json = jsonOf('{"a b":"x\\"y:","n":-1.5e+3,"t":[true,null,{}]}') ?? ''
  const tokens = jsonTokens(json)
  assert.equal(tokens.map(({ text }) => text).join(''), json)
  const kinds = tokens.filter(({ kind }) => kind !== 'plain').map(({ kind, text }) => [kind, text])
  assert.deepEqual(kinds, [
    ['key', '"a b":'],
    ['string', '"x\\"y:"'],
    ['key', '"n":'],
    ['literal', '-1.5e+3'],
    ['key', '"t":'],
    ['literal', 'true'],
    ['literal', 'null'],
  ])
})

test('a very long JSON is shown in one piece', () => {
  const json = JSON.stringify(Array.from({ length: 30_000 }, (_, index) => index))
  assert.deepEqual(jsonTokens(json), [{ kind: 'plain', text: json }])
})

test('a hex dump has sixteen bytes a row, with their letters', () => {
  const [first, second, ...more] = hexDump(Buffer.from('Homing brings it\x00home')).split('\n')
  assert.equal(
    first,
    '00000000  48 6f 6d 69 6e 67 20 62  72 69 6e 67 73 20 69 74  Homing brings it',
  )
  assert.equal(second, `00000010  00 68 6f 6d 65${' '.repeat(9)}  ${' '.repeat(23)}  .home`)
  assert.deepEqual(more, [])
  assert.equal(hexDump(new Uint8Array()), '')
})
