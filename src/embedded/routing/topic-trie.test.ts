import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TopicTrie } from './topic-trie.ts'

function matches(pattern: string, key: string): boolean {
  const trie = new TopicTrie<string>()
  trie.add(pattern, pattern)
  let matched = false
  trie.match(key, () => {
    matched = true
  })
  return matched
}

/** The definition itself, as slow as it likes to be. */
function naive(pattern: readonly string[], key: readonly string[]): boolean {
  const [word, ...rest] = pattern
  if (word === undefined) return key.length === 0
  if (word === '#') return naive(rest, key) || (key.length > 0 && naive(pattern, key.slice(1)))
  return key.length > 0 && (word === '*' || word === key[0]) && naive(rest, key.slice(1))
}

const words = (text: string): readonly string[] => (text === '' ? [] : text.split('.'))

test('a star is exactly one word, a hash is zero or more', () => {
  const table: readonly (readonly [string, string, boolean])[] = [
    ['a.b', 'a.b', true],
    ['a.b', 'a.c', false],
    ['a.*', 'a.b', true],
    ['a.*', 'a', false],
    ['a.*', 'a.b.c', false],
    ['*', 'a', true],
    ['*', '', false],
    ['#', '', true],
    ['#', 'a.b.c', true],
    ['a.#', 'a', true],
    ['a.#', 'a.b.c', true],
    ['#.a', 'a', true],
    ['#.a', 'b.c.a', true],
    ['#.a', 'a.b', false],
    ['a.#.b', 'a.b', true],
    ['a.#.b', 'a.x.y.b', true],
    ['#.a.#', 'x.a.y', true],
    ['#.#', '', true],
    ['#.*', '', false],
    ['*.#', 'a', true],
    ['', '', true],
    ['', 'a', false],
    ['a#', 'ab', false],
    ['a#', 'a#', true],
    ['*', '*', true],
    ['__proto__.constructor', '__proto__.constructor', true],
    ['x.constructor', 'x.y', false],
  ]
  for (const [pattern, key, expected] of table)
    assert.equal(matches(pattern, key), expected, `${pattern} for ${key}`)
})

test('two dots in a row have an empty word between them', () => {
  assert.equal(matches('a..b', 'a..b'), true)
  assert.equal(matches('a.*.b', 'a..b'), true)
  assert.equal(matches('a.b', 'a..b'), false)
  assert.equal(matches('a.', 'a.'), true)
  assert.equal(matches('a.*', 'a.'), true)
  assert.equal(matches('a', 'a.'), false)
  assert.equal(matches('*.*', '.'), true)
})

const wordsUsed = ['a', 'b', '', '*', '#']
const text = (choices: readonly string[]) =>
  fc.array(fc.constantFrom(...choices), { maxLength: 6 }).map((parts) => parts.join('.'))

test('a trie of many patterns matches what each of them matches, also after some are gone', () => {
  fc.assert(
    fc.property(
      fc.array(text(wordsUsed), { maxLength: 12 }),
      fc.array(text(['a', 'b', '']), { maxLength: 8 }),
      fc.nat(12),
      (patterns, keys, removed) => {
        const trie = new TopicTrie<number>()
        patterns.forEach((pattern, n) => {
          trie.add(pattern, n)
        })
        patterns.slice(0, removed).forEach((pattern, n) => {
          trie.delete(pattern, n)
        })
        for (const key of keys) {
          const found: number[] = []
          trie.match(key, (n) => found.push(n))
          const expected = patterns.flatMap((pattern, n) =>
            n >= removed && naive(words(pattern), words(key)) ? [n] : [],
          )
          assert.deepEqual(
            found.sort((a, b) => a - b),
            expected,
          )
        }
      },
    ),
    { numRuns: 2_000 },
  )
})

test('patterns made to be tried again and again are not', () => {
  const trie = new TopicTrie<string>()
  const hostile = [
    `${'#.'.repeat(100)}a`,
    `${'#.a.'.repeat(60)}b`,
    `${'#.*.'.repeat(60)}b`,
    `${'*.#.'.repeat(60)}#.b`,
    `${'#.a.#.*.'.repeat(30)}b`,
  ]
  for (const pattern of hostile) trie.add(pattern, pattern)
  const matched: string[] = []
  // Each is hopeless for whoever tries all ways: they are more than there are atoms.
  trie.match(`${'a.'.repeat(126)}c`, (pattern) => matched.push(pattern))
  assert.equal(matched.length, 0)
  trie.match(`${'a.'.repeat(126)}b`, (pattern) => matched.push(pattern))
  assert.deepEqual(matched.sort(), hostile.slice(1).sort())
})
