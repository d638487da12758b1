import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { limits } from '../limits.ts'
import { type ThrownData, thrownBody, thrownData } from './thrown.ts'

const stored = (error: unknown): ThrownData => JSON.parse(Buffer.from(thrownBody(error)).toString())

test('name, message, code, stack and causes of an error come home', () => {
  const inner = Object.assign(new RangeError('inner'), { code: 'E_INNER' })
  const data = stored(new TypeError('outer', { cause: inner }))
  assert.equal(data.name, 'TypeError')
  assert.equal(data.message, 'outer')
  assert.match(data.stack ?? '', /thrown\.test/)
  assert.deepEqual([data.cause?.name, data.cause?.message], ['RangeError', 'inner'])
  assert.equal(data.cause?.code, 'E_INNER')
})

test('the first error of an aggregate is its cause', () => {
  assert.equal(stored(new AggregateError([new Error('first')])).cause?.message, 'first')
})

test('what is thrown and no Error is reported as what it is', () => {
  assert.deepEqual(stored('just a text'), { name: 'NonError', message: 'just a text' })
  assert.deepEqual(stored({ a: 1 }), { name: 'NonError', message: '{ a: 1 }' })
  assert.deepEqual(stored(undefined), { name: 'NonError', message: 'undefined' })
  assert.deepEqual(stored(null), { name: 'NonError', message: 'null' })
  assert.deepEqual(stored(Symbol('x')), { name: 'NonError', message: 'Symbol(x)' })
})

test('an error of another realm is an error', () => {
  assert.equal(stored(runInNewContext('new SyntaxError("there")')).name, 'SyntaxError')
})

test('getters that throw and texts that are none do not break the report', () => {
  class Angry extends Error {
    override get message(): string {
      throw new Error('no')
    }
    override get stack(): string {
      throw new Error('no')
    }
    get code(): string {
      throw new Error('no')
    }
  }
  assert.deepEqual(stored(new Angry()), { name: 'Error', message: '' })
  const odd = Object.assign(new Error(), { name: 5, message: {}, code: Number.NaN, stack: 1 })
  assert.deepEqual(stored(odd), { name: 'Error', message: '' })
  const unshowable = new Proxy(
    {},
    {
      get() {
        throw new Error('no')
      },
    },
  )
  assert.equal(stored(unshowable).name, 'NonError')
})

test('causes in a circle end', () => {
  const error = new Error('round')
  error.cause = error
  let depth = 0
  for (let data: ThrownData | undefined = stored(error); data; data = data.cause) depth++
  assert.ok(depth <= 9)
})

test('an error of any size is stored within the limit, its message before its stack', () => {
  const huge = new Error('m'.repeat(100_000), { cause: new Error('€'.repeat(100_000)) })
  huge.stack = 's'.repeat(1_000_000)
  const body = thrownBody(huge)
  assert.ok(body.length <= limits.errorBytesMax)
  assert.ok(stored(huge).message.length >= 1_000)
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40_000 }), (message) => {
      assert.ok(thrownBody(new Error(message)).length <= limits.errorBytesMax)
    }),
    { numRuns: 20 },
  )
})

test('texts are cut without leaving half of a surrogate pair', () => {
  assert.ok(thrownData('😀'.repeat(20_000)).message.isWellFormed())
})
