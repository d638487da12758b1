/* Backups and pauses that a process asks for whose directory another process has open. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { AmqpClient } from '../../src/adapters/amqp/connection.ts'
import { engineOptions } from '../../src/embedded/engine-options.ts'
import { openDirectory } from '../../src/embedded/open.ts'
import { homing, queue } from '../../src/index.ts'
import { connectToOwner } from '../../src/joined/connection-to-owner.ts'
import { openAsOwner } from '../../src/joined/owner.ts'
import { verify } from '../../src/maintenance.ts'
import { lacking, mountedTmpfs, newDirectory } from '../faults/machine.ts'

const nobody = 65_534
const echo = queue('echo', { within: '60s' })

test('a process that has joined takes a backup through the owner, with all that was confirmed', async () => {
  using directory = newDirectory()
  using copies = newDirectory()
  await using owner = await homing(directory.path)
  await using joined = await homing(directory.path)
  for (let n = 0; n < 20; n++) await (n % 2 ? owner : joined).send(echo, n, { id: `e${n}` })
  const to = join(copies.path, 'deep', 'monday')
  const taken = await joined.backup(to)
  assert.equal(taken.directory, to)
  assert.equal(taken.files, fs.readdirSync(to).length)
  assert.ok(taken.bytes > 0 && taken.lsn > 0 && taken.finishedAt >= taken.startedAt)
  assert.equal((await verify(to)).ok, true)
  await using copy = await homing(to)
  const [stats] = await copy.queues()
  assert.equal(stats?.ready, 20)
})

test('a backup that fails says why, leaves nothing behind and touches nothing', async () => {
  using directory = newDirectory()
  using copies = newDirectory()
  await using owner = await homing(directory.path)
  await using joined = await homing(directory.path)
  await joined.send(echo, 1, { id: 'one' })
  const full = join(copies.path, 'full')
  fs.mkdirSync(full)
  fs.writeFileSync(join(full, 'mine'), 'x')
  const there = { code: 'bad-argument', message: /full is there already and not empty/ }
  await assert.rejects(joined.backup(full), there)
  await assert.rejects(joined.backup(join(full, 'mine')), { code: 'bad-argument' })
  await assert.rejects(joined.backup(join(full, 'mine', 'below')), { code: 'not-permitted' })
  assert.deepEqual(fs.readdirSync(full), ['mine'])
  // What the owner refuses: the file would be in the way of the unfinished copy.
  fs.mkdirSync(join(copies.path, 'x.partial'))
  fs.writeFileSync(join(copies.path, 'x.partial', 'notes'), 'x')
  await assert.rejects(joined.backup(join(copies.path, 'x')), { code: 'backup-failed' })
  assert.deepEqual(fs.readdirSync(copies.path).toSorted(), ['full', 'x.partial'])
  assert.deepEqual(fs.readdirSync(join(copies.path, 'x.partial')), ['notes'])
  assert.equal((await owner.queues())[0]?.ready, 1)
})

test('a backup to a full disk is refused as such, and what was made for it is gone again', {
  skip: lacking('root', 'mount'),
}, async () => {
  using directory = newDirectory()
  using disk = mountedTmpfs('64k')
  await using owner = await homing(directory.path)
  await using joined = await homing(directory.path)
  await joined.send(echo, 'x'.repeat(100_000), { id: 'one' })
  await assert.rejects(joined.backup(join(disk.path, 'deep', 'monday')), {
    code: 'disk-full',
    message: /the backup to .*monday failed .*free some space there/,
  })
  assert.deepEqual(fs.readdirSync(join(disk.path, 'deep')), ['monday.partial'])
  disk.remount('size=64m')
  assert.equal((await joined.backup(join(disk.path, 'deep', 'monday'))).files > 0, true)
  assert.deepEqual(fs.readdirSync(join(disk.path, 'deep')), ['monday'])
  assert.equal((await owner.queues())[0]?.ready, 1)
})

test('root asks for a backup of what another user has open, and it is that user’s', {
  skip: lacking('root'),
}, async () => {
  using directory = newDirectory()
  const data = join(directory.path, 'data')
  for (const path of [data, join(directory.path, 'copies')]) {
    fs.mkdirSync(path, { mode: 0o700 })
    fs.chownSync(path, nobody, nobody)
  }
  fs.chmodSync(directory.path, 0o755)
  const script = join(import.meta.dirname, 'owner-as.ts')
  const owner = spawn(process.execPath, [script, `${nobody}`, data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  using _ended = { [Symbol.dispose]: () => void owner.kill('SIGKILL') }
  await once(owner.stdout, 'data')
  await using joined = await homing(data)
  const to = join(directory.path, 'copies', 'deep', 'monday')
  await joined.backup(to)
  assert.deepEqual([fs.statSync(to).uid, fs.statSync(dirname(to)).uid], [nobody, nobody])
  assert.equal((await verify(to)).ok, true)
  // Where that user may make nothing, the copy cannot have its name.
  const closed = join(directory.path, 'monday')
  await assert.rejects(joined.backup(closed), { code: 'not-permitted' })
  assert.deepEqual(fs.readdirSync(directory.path).toSorted(), ['copies', 'data'])
})

test('an owner that does not see the directory of a backup says so, and none is made there', async () => {
  using directory = newDirectory()
  using copies = newDirectory()
  const engine = await openAsOwner(directory.path, engineOptions())
  await using joined = await homing(directory.path)
  // As one in a container: the same path leads somewhere else.
  const elsewhere = join(copies.path, 'inside')
  const backup = engine.backup.bind(engine)
  engine.backup = (to, options) => backup(join(elsewhere, to), options)
  const to = join(copies.path, 'deep', 'monday')
  await assert.rejects(joined.backup(to), {
    code: 'bad-argument',
    message: /does not see the directory .*with other files in view, as in a container/,
  })
  assert.deepEqual(fs.readdirSync(copies.path), [])
  await engine.close()
})

test('a path that is not full is none over the socket, whoever asks', async () => {
  using directory = newDirectory()
  const engine = await openAsOwner(directory.path, engineOptions())
  // From when somebody has joined there is a socket.
  await (await homing(directory.path)).close()
  const joiner = { directory: directory.path, client: new AmqpClient(), onProblem: assert.fail }
  const link = await connectToOwner(joiner, new AbortController().signal)
  await assert.rejects(link.backup?.('monday') as Promise<unknown>, {
    code: 'bad-argument',
    message: /"monday" is no full path/,
  })
  await link.close()
  await engine.close()
})

test('a queue that a joined process pauses stays so when another one takes over', async () => {
  using directory = newDirectory()
  const first = await homing(directory.path)
  await using second = await homing(directory.path)
  await second.send(echo, 1, { id: 'one' })
  await second.pause(echo)
  await assert.rejects(second.pause('none'), { code: 'queue-unknown', message: /"none"/ })
  const worked: unknown[] = []
  second.consume(echo, ({ input }) => void worked.push(input))
  await first.close()
  const [stats] = await second.queues()
  assert.deepEqual([stats?.ready, stats?.paused, worked], [1, true, []])
  await second.resume(echo)
  await second.receipt(echo, 'one').result()
  assert.deepEqual(worked, [1])
})

test('who becomes the owner while a backup is asked for takes it itself', async () => {
  using directory = newDirectory()
  using copies = newDirectory()
  const { engine } = await openDirectory(directory.path, engineOptions())
  const opening = homing(directory.path)
  await engine.close()
  await using home = await opening
  const to = join(copies.path, 'monday')
  await home.send(echo, 1)
  assert.equal((await home.backup(to)).directory, to)
  assert.equal((await verify(to)).ok, true)
})
