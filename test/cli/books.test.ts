import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { binary, homing, queue, text } from '../../src/index.ts'
import { controlStart, HomingFolder } from './homing-command.ts'

const failing = queue('failing', { retry: { attempts: 1 } })
const fine = queue('fine')

/** Three outcomes, two of them dead letters, and two messages that wait. */
async function fill(folder: HomingFolder): Promise<void> {
  const home = await homing(folder.data)
  home.consume(fine, ({ input }) => ({ got: input }))
  home.consume(failing, () => {
    throw new Error('no\u001b[2Jway')
  })
  await (await home.send(fine, 'a', { id: 'f:1' })).outcome()
  await (await home.send(failing, { n: 1 }, { id: 'x:1' })).outcome()
  await (await home.send(failing, { n: 2 }, { id: 'x:2' })).outcome()
  await home.send(queue('waiting', { codec: text }), 'a text', { id: 'w:1' })
  await home.send(queue('waiting', { codec: binary }), new Uint8Array([0, 255]), {
    id: 'w:2',
    delay: '1h',
  })
  await home.close()
}

test('outcomes are listed newest first, by queue, state, code and time', async () => {
  using folder = new HomingFolder()
  await fill(folder)
  const ids = async (...words: string[]): Promise<unknown[]> =>
    (await folder.json(['outcomes', ...words])).map(({ id }) => id)
  assert.deepEqual(await ids(), ['x:2', 'x:1', 'f:1'])
  assert.deepEqual(await ids('--state', 'ok'), ['f:1'])
  assert.deepEqual(await ids('--state', 'failed', '--limit', '1'), ['x:2'])
  assert.deepEqual(await ids('--queue', 'failing', '--code', 'thrown'), ['x:2', 'x:1'])
  assert.deepEqual(await ids('--since', '1h', '--before', '2020-01-01'), [])
})

test('tables are for people: whole in a pipe, and what came in a message cannot write to a terminal', async () => {
  using folder = new HomingFolder()
  await fill(folder)
  const lines = (await folder.ok(['outcomes'])).split('\n')
  assert.match(lines[0] ?? '', /^FINISHED +ID +QUEUE +OUTCOME +TRIES +TOOK +VALUE$/)
  assert.match(lines[1] ?? '', /x:2 .*thrown .*Error: no\\u001b\[2Jway$/)
  const one = await folder.run(['outcome', 'x:1'])
  assert.equal(one.code, 4)
  assert.ok(!one.out.includes(controlStart))
  assert.match(await folder.ok(['queues']), /^waiting +1 +0 +1 +0$/m)
})

test('an id that was never accepted is not found, and neither is a data directory that is not there', async () => {
  using folder = new HomingFolder()
  await fill(folder)
  const unknown = await folder.run(['outcome', 'never', '--json'])
  assert.equal(unknown.code, 3)
  assert.deepEqual(JSON.parse(unknown.err).error.code, 'unknown')
  for (const words of [['outcomes'], ['verify'], ['export']]) {
    const { code, err } = await folder.run([...words, '--data', 'nowhere'])
    assert.equal(code, 3, words.join(' '))
    assert.match(err, /there is no data directory at .*nowhere/)
  }
})

test('a directory with files of others is left alone', async () => {
  using folder = new HomingFolder()
  const { code, err } = await folder.run(['send', 'q', '1', '--data', import.meta.dirname])
  assert.equal(code, 2)
  assert.match(err, /holds other files/)
})

test('dead letters are listed, sent again under new ids, and dropped', async () => {
  using folder = new HomingFolder()
  await fill(folder)
  const listed = await folder.json(['dead', 'list', '--queue', 'failing'])
  assert.deepEqual(
    listed.map(({ id, reason, input }) => [id, reason, input]),
    [
      ['x:2', 'thrown', { n: 2 }],
      ['x:1', 'thrown', { n: 1 }],
    ],
  )
  const wrong = await folder.run(['dead', 'replay', 'x:1', 'x:9'])
  assert.equal(wrong.code, 3)
  assert.match(wrong.err, /no dead letter has the id "x:9"; nothing was done/)
  assert.equal((await folder.run(['dead', 'drop'])).code, 2, 'never all by leaving something out')
  const [newId] = (await folder.ok(['dead', 'replay', 'x:1'])).trim().split('\n')
  await folder.ok(['work', 'failing', '--until-empty', '--', 'cat'])
  const [again] = await folder.json(['outcome', newId ?? ''])
  assert.deepEqual([again?.queue, again?.value], ['failing', { n: 1 }])
  assert.match(await folder.ok(['dead', 'drop', '--all']), /^1 dropped/)
  assert.equal(await folder.ok(['dead', 'list', '--json']), '')
})

test('everything is exported, byte for byte, one JSON a line', async () => {
  using folder = new HomingFolder()
  await fill(folder)
  const rows = await folder.json(['export'])
  const brief = rows.map((row) => [row.kind, row.id, row.value ?? row.input ?? row.inputBase64])
  assert.deepEqual(brief.sort(), [
    ['dead', 'x:1', { n: 1 }],
    ['dead', 'x:2', { n: 2 }],
    ['outcome', 'f:1', { got: 'a' }],
    ['outcome', 'x:1', undefined],
    ['outcome', 'x:2', undefined],
    ['pending', 'w:1', 'a text'],
    ['pending', 'w:2', 'AP8='],
  ])
  const later = rows.find(({ id }) => id === 'w:2')
  assert.ok(Date.parse(String(later?.availableAt)) > Date.now())
  const toFile = ['export', '--kind', 'pending', '--queue', 'waiting', '--output', 'out.ndjson']
  await folder.ok(toFile)
  assert.equal(readFileSync(join(folder.path, 'out.ndjson'), 'utf8').split('\n').length, 3)
  assert.equal((await folder.run(toFile)).code, 2, 'a file that is there is not written over')
})
