import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cutToWidth, harmless, onOneLine, textWidth } from './text-width.ts'

test('characters of East Asian scripts and emoji take two columns, combining marks none', () => {
  assert.equal(textWidth('abc'), 3)
  assert.equal(textWidth('Käse'), 4)
  assert.equal(textWidth('e\u0301'), 1)
  assert.equal(textWidth('日本'), 4)
  assert.equal(textWidth('👍🏽'), 2)
})

test('a text is cut between characters and never takes more than its room', () => {
  assert.equal(cutToWidth('hello', 5), 'hello')
  assert.equal(cutToWidth('hello', 4), 'hel…')
  assert.equal(cutToWidth('日本語', 4), '日…')
  assert.equal(cutToWidth('hello', 1), '…')
  assert.equal(cutToWidth('hello', 0), '')
  for (let width = 0; width < 12; width++) {
    assert.ok(textWidth(cutToWidth('a日b👍c本', width)) <= width)
  }
})

test('control characters are spelled out', () => {
  assert.equal(onOneLine('a\tb\r\nc\u001b]0;x\u0007'), 'a\\tb\\u000d\\nc\\u001b]0;x\\u0007')
  assert.equal(harmless('a\tb\nc\u009b2J\u202e'), 'a\tb\nc\\u009b2J\\u202e')
})
