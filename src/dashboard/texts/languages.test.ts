import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chinese } from './chinese.ts'
import { english } from './english.ts'
import { languageOf, type TextKey, textIn } from './languages.ts'

const keys = Object.keys(english) as TextKey[]
const places = (text: string): readonly string[] =>
  [...new Set(text.match(/\{\w+\}/g) ?? [])].toSorted()

test('both languages have the same keys, each in order', () => {
  assert.deepEqual(Object.keys(chinese), keys)
})

test('both languages have the same places to fill in', () => {
  for (const key of keys) assert.deepEqual(places(chinese[key]), places(english[key]), key)
})

test('no text is empty, and none of the Chinese ones is English', () => {
  const same = keys.filter((key) => chinese[key] === english[key])
  assert.deepEqual(same, ['chart.p50', 'chart.p99', 'overview.p99'])
  for (const key of keys) assert.ok(english[key].trim() !== '' && chinese[key].trim() !== '', key)
})

test('a text has a form for one and a form for the rest; numbers stand in their places', () => {
  assert.equal(textIn('en', 'queues.count', { count: 1 }), 'one queue')
  assert.equal(textIn('en', 'queues.count', { count: '1,200' }), '1,200 queues')
  assert.equal(textIn('zh-Hans', 'queues.count', { count: 1 }), '1 个队列')
  assert.equal(
    textIn('en', 'queue.deleted', { name: '{count} | x' }),
    'Queue “{count} | x” was deleted.',
  )
})

test('the language is the first wanted one that there is', () => {
  assert.equal(languageOf(['', 'de-DE', 'zh-CN', 'en']), 'zh-Hans')
  assert.equal(languageOf(['en-GB', 'zh']), 'en')
  assert.equal(languageOf(['fr']), 'en')
})
