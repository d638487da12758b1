import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../limits.ts'
import { ReplyAliases } from './reply-aliases.ts'

test('requests of one correlation id are answered in the order in which they came', () => {
  const aliases = new ReplyAliases()
  aliases.add('replies', 'c', 'first')
  aliases.add('replies', 'c', 'second')
  aliases.add('others', 'c', 'third')
  assert.equal(aliases.take('replies', 'c'), 'first')
  assert.equal(aliases.take('replies', 'c'), 'second')
  assert.equal(aliases.take('replies', 'c'), undefined)
  assert.equal(aliases.take('others', 'd'), undefined)
  assert.equal(aliases.take('others', 'c'), 'third')
})

test('when there are too many, the oldest are forgotten', () => {
  const aliases = new ReplyAliases()
  for (let n = 0; n <= limits.replyAliasesMax; n++) aliases.add('replies', String(n), `id-${n}`)
  assert.equal(aliases.take('replies', '0'), undefined)
  assert.equal(aliases.take('replies', '1'), 'id-1')
})
