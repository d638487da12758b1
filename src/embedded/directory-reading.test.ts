import assert from 'node:assert/strict'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { queue } from '../contract/queue.ts'
import { homing } from '../homing.ts'
import { readDirectory } from './directory-reading.ts'

const done = queue('done')
const failing = queue('failing', { retry: { attempts: 1 } })
const waiting = queue('waiting')

/** Fills the directory, and returns a copy of it made before it was closed: a killed process. */
async function filled(folder: string): Promise<string> {
  const home = await homing(join(folder, 'data'))
  home.consume(done, ({ input }) => input)
  home.consume(failing, () => {
    throw new Error('no')
  })
  await home.callAll(done, [1, 2, 3])
  await home.callAll(failing, [4, 5])
  await home.deadLetters.drop({ ids: [(await home.deadLetters.list())[0]?.id ?? ''] })
  await home.sendMany(waiting, ['a', 'b'])
  await home.send(waiting, 'later', { delay: '1h', id: 'delayed' })
  await home.callAll(done, [6])
  fs.cpSync(join(folder, 'data'), join(folder, 'killed'), { recursive: true })
  await home.close()
  return join(folder, 'killed')
}

const folderOf = (): string => fs.mkdtempSync(join(tmpdir(), 'homing-reading-test-'))

async function everything(data: string): Promise<readonly string[]> {
  await using reading = await readDirectory(data)
  const rows: string[] = []
  for (const { queue: of, body } of reading.outcomes()) rows.push(`outcome ${of} ${text(body)}`)
  for (const { queue: of, message } of reading.deadLetters()) {
    rows.push(`dead ${of} ${text(message.body)}`)
  }
  for await (const { queue: of, message, availableAtMs } of reading.pending()) {
    rows.push(`pending ${of} ${text(message.body)}${availableAtMs > 0 ? ' later' : ''}`)
  }
  return rows.map((row) => row.replace(/ \{.*/, '')).sort()
}

const text = (body: Uint8Array): string => Buffer.from(body).toString('utf8')

test('a closed and a killed directory read the same: outcomes, dead letters, what waits', async () => {
  const folder = folderOf()
  try {
    const killed = await filled(folder)
    const expected = [
      'dead failing 4',
      ...['1', '2', '3', '6'].map((n) => `outcome done ${n}`),
      'outcome failing',
      'outcome failing',
      'pending waiting "a"',
      'pending waiting "b"',
      'pending waiting "later" later',
    ]
    assert.deepEqual(await everything(join(folder, 'data')), expected)
    assert.deepEqual(await everything(killed), expected)
    // With the ledger gone, the journal still has it all.
    for (const name of fs.readdirSync(killed)) {
      if (name.startsWith('ledger.sqlite')) fs.rmSync(join(killed, name))
    }
    assert.deepEqual(await everything(killed), expected)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
})

test('one queue can be read alone', async () => {
  const folder = folderOf()
  try {
    const data = await filled(folder)
    await using reading = await readDirectory(data)
    assert.equal([...reading.outcomes('done')].length, 4)
    assert.equal([...reading.deadLetters('done')].length, 0)
    assert.equal((await Array.fromAsync(reading.pending('waiting'))).length, 3)
    assert.equal((await Array.fromAsync(reading.pending('done'))).length, 0)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
})

test('a directory in use is not read, and nobody can open it while it is', async () => {
  const folder = folderOf()
  try {
    const data = join(folder, 'data')
    const home = await homing(data)
    await assert.rejects(readDirectory(data), { code: 'locked' })
    await home.close()
    const reading = await readDirectory(data)
    await assert.rejects(homing(data), { code: 'locked' })
    await reading[Symbol.asyncDispose]()
    await (await homing(data)).close()
    await assert.rejects(readDirectory(folder), { code: 'bad-argument' })
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
})
