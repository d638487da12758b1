import assert from 'node:assert/strict'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Disk, DiskFile } from './disk.ts'
import { memoryDisk } from './memory-disk.ts'
import { realDisk } from './real-disk.ts'

function newDirectory(context: TestContext): string {
  const directory = fs.mkdtempSync(join(tmpdir(), 'homing-disk-'))
  context.after(() => fs.rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function contentOf(file: DiskFile): Promise<string> {
  const bytes = Buffer.alloc(await file.size())
  assert.equal(await file.read(bytes, 0), bytes.length)
  return bytes.toString()
}

const disks: [string, (context: TestContext) => Disk][] = [
  ['a directory', (context) => realDisk(newDirectory(context))],
  ['memory', () => memoryDisk()],
]

for (const [name, diskOf] of disks) {
  test(`${name}: what is written is read, and goes on growing`, async (context) => {
    const file = await diskOf(context).create('a')
    await file.write(Buffer.from('hello'), 0)
    await file.write(Buffer.from('world'), 7)
    await file.sync()
    assert.equal(await contentOf(file), 'hello\0\0world')
    await file.write(Buffer.from('H'), 0)
    assert.equal(await contentOf(file), 'Hello\0\0world')
    await file.close()
  })

  test(`${name}: reading past the end gives what there is`, async (context) => {
    const file = await diskOf(context).create('a')
    await file.write(Buffer.from('abc'), 0)
    const into = Buffer.alloc(10)
    assert.equal(await file.read(into, 1), 2)
    assert.equal(await file.read(into, 3), 0)
    assert.equal(await file.read(into, 99), 0)
    await file.close()
  })

  test(`${name}: names are made once, listed, renamed over others and removed`, async (context) => {
    const disk = diskOf(context)
    for (const one of ['a', 'b']) {
      const file = await disk.create(one)
      await file.write(Buffer.from(one), 0)
      await file.close()
    }
    await assert.rejects(disk.create('a'), { code: 'EEXIST' })
    await assert.rejects(disk.open('c'), { code: 'ENOENT' })
    await assert.rejects(disk.remove('c'), { code: 'ENOENT' })
    await disk.rename('a', 'b')
    await disk.syncDirectory()
    assert.deepEqual(await disk.list(), ['b'])
    const file = await disk.open('b')
    assert.equal(await contentOf(file), 'a')
    await file.close()
    await disk.remove('b')
    assert.deepEqual(await disk.list(), [])
  })

  test(`${name}: a file that is open outlives its name`, async (context) => {
    const disk = diskOf(context)
    const file = await disk.create('a')
    await disk.remove('a')
    await file.write(Buffer.from('still here'), 0)
    assert.equal(await contentOf(file), 'still here')
    await file.close()
  })
}

test('files are for their owner alone', async (context) => {
  const directory = newDirectory(context)
  await (await realDisk(directory).create('a')).close()
  assert.equal(fs.statSync(join(directory, 'a')).mode & 0o777, 0o600)
})

test('what is written and synced in one operation is read by everybody', async (context) => {
  const disk = realDisk(newDirectory(context))
  const file = await disk.create('a')
  await file.writeSynced?.(Buffer.from('hello'), 3)
  const other = await disk.open('a')
  assert.equal(await contentOf(other), '\0\0\0hello')
  await file.close()
  await other.close()
})

test('a file that cannot be opened a second time is written and synced through the first', async (context) => {
  const directory = newDirectory(context)
  const file = await realDisk(directory).create('a')
  fs.unlinkSync(join(directory, 'a'))
  await file.writeSynced?.(Buffer.from('hello'), 0)
  assert.equal(await contentOf(file), 'hello')
  await file.close()
})

test('a real disk knows how much room it has; memory has no end', async (context) => {
  const bytes = await realDisk(newDirectory(context)).freeBytes()
  assert.ok(bytes > 0 && Number.isSafeInteger(bytes))
  assert.equal(await memoryDisk().freeBytes(), Number.POSITIVE_INFINITY)
})
