import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { joinWrites } from './join-writes.ts'

/** Each entry is what would be one system call. */
function recorder(): { readonly stream: Writable; readonly calls: string[] } {
  const calls: string[] = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      calls.push(String(chunk))
      done()
    },
    writev: (chunks, done) => {
      calls.push(chunks.map(({ chunk }) => String(chunk)).join(' '))
      done()
    },
  })
  joinWrites(stream)
  return { stream, calls }
}

test('what is written in one step goes out as one, in order, and at once', async () => {
  const { stream, calls } = recorder()
  for (const text of ['a', 'b', 'c']) stream.write(text)
  assert.deepEqual(calls, [])
  await Promise.resolve()
  process.nextTick(() => stream.write('d'))
  await nextTurn()
  assert.deepEqual(calls, ['a b c', 'd'])
})

test('a writer is told of its own write, and a full stream says so', async () => {
  const { stream, calls } = recorder()
  const told = new Promise<unknown>((resolve) => stream.write('a', resolve))
  assert.equal(stream.write('b'.repeat(100_000)), false)
  const drained = new Promise((resolve) => stream.once('drain', resolve))
  assert.equal((await told) ?? undefined, undefined)
  await drained
  assert.equal(calls.length, 1)
})

test('what was written before an end is sent before it', async () => {
  const { stream, calls } = recorder()
  stream.write('a')
  stream.end('b')
  await new Promise((resolve) => stream.once('finish', resolve))
  assert.equal(calls.join(' '), 'a b')
})
