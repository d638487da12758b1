import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import { json } from './json-codec.ts'
import { checkSerialisable, jsonReach } from './serialisable.ts'

const check = (value: unknown) => checkSerialisable(value, jsonReach)
const refused = (value: unknown, text: RegExp) =>
  assert.throws(
    () => check(value),
    (error) =>
      error instanceof HomingError && error.code === 'unserialisable' && text.test(error.message),
    `${text}`,
  )

test('what JSON would change without a word is refused, and its path is named', () => {
  refused(Number.NaN, /^NaN at \$ cannot be written as JSON/)
  refused({ a: [1, { b: Number.POSITIVE_INFINITY }] }, /Infinity at \$\.a\[1\]\.b /)
  refused({ 'odd key': () => 1 }, /a function at \$\["odd key"\]/)
  refused([Symbol('x')], /a symbol at \$\[0\]/)
  refused({ n: 10n }, /the BigInt 10n at \$\.n/)
  refused([undefined], /undefined at \$\[0\]/)
  refused(new Array(2), /undefined at \$\[0\]/)
  refused({ m: new Map([[1, 2]]) }, /a Map at \$\.m/)
  refused(new Set(), /a Set at \$/)
  refused(/x/, /a RegExp at \$/)
  refused({ p: Promise.resolve() }, /a Promise at \$\.p/)
  refused(new Error('x'), /a Error at \$/)
  refused({ b: new Uint8Array(2) }, /a Uint8Array at \$\.b/)
  refused(new String('x'), /a String at \$/)
  refused({ d: new Date(Number.NaN) }, /an invalid Date at \$\.d/)
})

test('half of a surrogate pair is refused, in texts and in property names', () => {
  refused({ s: 'a\ud800' }, /half of a surrogate pair at \$\.s/)
  refused({ '\udc00': 1 }, /property name/)
  assert.equal(check({ s: '😀' }), undefined)
})

test('a circle and nesting beyond the limit are refused', () => {
  const circle: Record<string, unknown> = {}
  circle.self = { circle }
  refused(circle, /perhaps a circle/)
  let deep: unknown = 1
  for (let n = 0; n < 100_000; n++) deep = [deep]
  refused(deep, /nesting deeper than 1000 levels/)
  let allowed: unknown = 1
  for (let n = 0; n < limits.jsonDepthMax; n++) allowed = [allowed]
  assert.equal(check(allowed), undefined)
})

test('a value that shares one part so often that it cannot be written is refused in time', () => {
  let wide: unknown = [1, 2]
  for (let n = 0; n < 60; n++) wide = [wide, wide]
  assert.throws(
    () => check(wide),
    (error) => error instanceof HomingError && error.code === 'message-too-large',
  )
})

test('a Date or URL is told by its path, for a schema may read it back', () => {
  assert.equal(check({ at: [new Date(0)] }), 'a Date at $.at[0]')
  assert.equal(check(new URL('https://example.org')), 'a URL at $')
})

test('a real fault behind a Date is found', () => {
  refused({ at: new Date(0), n: Number.NaN }, /NaN at \$\.n/)
})

test('a getter that throws is refused with its reason', () => {
  const angry = {
    get x() {
      throw new Error('no access')
    },
  }
  refused(angry, /cannot be read in order to write it: no access/)
})

test('plain values pass: undefined properties as absent, class instances as their fields', () => {
  class Point {
    x = 1
  }
  assert.equal(
    check({ a: undefined, b: null, c: [true, 'x', -0, 1e300], d: new Point() }),
    undefined,
  )
  assert.equal(check(Object.assign(Object.create(null), { a: 1 })), undefined)
  assert.equal(check(undefined), undefined)
})

test('whatever passes the check comes back the same', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (value) => {
      let convertedAt: string | undefined
      try {
        convertedAt = check(value)
      } catch {
        return
      }
      if (convertedAt !== undefined || value === undefined) return
      assert.deepEqual(normal(json.decode(json.encode(value))), normal(value))
    }),
  )
})

/** Undefined properties are absent, -0 is 0, prototypes do not count: as the check promises. */
function normal(value: unknown): unknown {
  if (Object.is(value, -0)) return 0
  if (Array.isArray(value)) return value.map(normal)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  return new Map(entries.map(([key, one]) => [key, normal(one)]))
}
