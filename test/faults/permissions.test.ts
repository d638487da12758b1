import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openEmbedded } from '../../src/embedded/open.ts'
import { Trial } from '../../src/testing/conformance/trial.ts'
import { lacking, mountedTmpfs, newDirectory } from './machine.ts'
import { RunningProcess } from './running-process.ts'

const openScript = join(import.meta.dirname, 'open-as.ts')
const nobody = 65_534

interface Said {
  readonly opened?: true
  readonly code?: string
  readonly message?: string
}

/** Opens the directory in a process of that user, and closes it. */
function openAs(user: number, directory: string): Said {
  const run = spawnSync(process.execPath, [openScript, `${user}`, directory], { encoding: 'utf8' })
  assert.equal(run.status, 0, run.stderr)
  return JSON.parse(run.stdout) as Said
}

async function filled(directory: string): Promise<void> {
  const engine = await openEmbedded(directory, { onProblem: assert.fail })
  const trial = new Trial({ engine, dispose: () => engine.close() })
  const inbox = trial.consume('work', 1)
  await trial.sendAll('work', '1', '2')
  const [delivery] = await trial.received(inbox, 1)
  if (delivery) await trial.answer(delivery)
  await trial.engine.outcomes({})
  await engine.close()
}

test('the directory and every file in it are for their owner alone', async () => {
  using parent = newDirectory()
  const directory = join(parent.path, 'data')
  await filled(directory)
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  for (const name of readdirSync(directory)) {
    assert.equal(statSync(join(directory, name)).mode & 0o077, 0, name)
  }
})

test('files are for their owner alone in a directory that others made for everybody, too', async () => {
  using parent = newDirectory()
  const directory = join(parent.path, 'data')
  mkdirSync(directory)
  chmodSync(directory, 0o777)
  await filled(directory)
  for (const name of readdirSync(directory)) {
    assert.equal(statSync(join(directory, name)).mode & 0o077, 0, name)
  }
})

test('a directory on a file system mounted read-only is refused, with the reason and what to do', {
  skip: lacking('root', 'mount'),
}, async () => {
  using disk = mountedTmpfs('8m')
  const directory = join(disk.path, 'data')
  await filled(directory)
  disk.remount('ro')
  await assert.rejects(openEmbedded(directory), {
    code: 'not-permitted',
    message: /may not read and write .*data \(EROFS\).*; change its owner or mode, or give another/,
  })
  await assert.rejects(openEmbedded(join(disk.path, 'other')), { code: 'not-permitted' })
})

test('a directory that this user may only read is refused', { skip: lacking('root') }, () => {
  using parent = newDirectory()
  chmodSync(parent.path, 0o755)
  const directory = join(parent.path, 'data')
  mkdirSync(directory)
  chownSync(directory, nobody, nobody)
  chmodSync(directory, 0o555)
  const { code, message } = openAs(nobody, directory)
  assert.equal(code, 'not-permitted')
  assert.match(message ?? '', /user 65534 may not read and write .*data \(EACCES\)/)
})

test('a directory of another user is refused, and its owner is named', {
  skip: lacking('root'),
}, async () => {
  using parent = newDirectory()
  chmodSync(parent.path, 0o755)
  const directory = join(parent.path, 'data')
  await filled(directory)
  const { code, message } = openAs(nobody, directory)
  assert.equal(code, 'not-permitted')
  assert.match(message ?? '', /user 65534 may not .*, it belongs to user 0; change its owner/)
})

test('a parent directory in which nothing may be made is refused', {
  skip: lacking('root'),
}, () => {
  using parent = newDirectory()
  chmodSync(parent.path, 0o755)
  const { code, message } = openAs(nobody, join(parent.path, 'data'))
  assert.equal(code, 'not-permitted')
  assert.match(message ?? '', /user 65534 may not read and write .*data/)
})

test('one file of another user in an otherwise right directory is named', {
  skip: lacking('root'),
}, async () => {
  for (const stranger of [/^journal-/, /^checkpoint-/, /^ledger\.sqlite$/, /^lock$/, /^owner$/]) {
    using parent = newDirectory()
    chmodSync(parent.path, 0o755)
    const directory = join(parent.path, 'data')
    await filled(directory)
    chownSync(directory, nobody, nobody)
    for (const name of readdirSync(directory)) {
      if (!stranger.test(name)) chownSync(join(directory, name), nobody, nobody)
    }
    const { code, message } = openAs(nobody, directory)
    assert.equal(code, 'not-permitted', `${stranger}: ${message}`)
    assert.match(message ?? '', new RegExp(stranger.source.replace(/[\^$]/g, '')))
  }
})

test('a directory given to its user works again', { skip: lacking('root') }, async () => {
  using parent = newDirectory()
  chmodSync(parent.path, 0o755)
  const directory = join(parent.path, 'data')
  await filled(directory)
  for (const name of ['', ...readdirSync(directory)]) {
    chownSync(join(directory, name), nobody, nobody)
  }
  assert.deepEqual(openAs(nobody, directory), { opened: true })
})

test('a new directory is made durable with all those on the way to it', {
  skip: lacking('strace'),
}, async () => {
  using parent = newDirectory()
  const trace = join(parent.path, 'trace')
  const strace = ['strace', '-f', '-qq', '-y', '-o', trace, '-e', 'trace=mkdir,fsync']
  const working = new RunningProcess(join(parent.path, 'a', 'b'), { through: strace })
  await working.until('open')
  await working.close()
  const calls = readFileSync(trace, 'utf8')
  for (const synced of [parent.path, join(parent.path, 'a')]) {
    assert.match(calls, new RegExp(`fsync\\(\\d+<${synced}>\\)`))
  }
})

test('a file where the directory should be is refused', async () => {
  using parent = newDirectory()
  const path = join(parent.path, 'data')
  writeFileSync(path, 'mine')
  for (const directory of [path, join(path, 'below')]) {
    await assert.rejects(openEmbedded(directory), {
      code: 'bad-argument',
      message: /is not a directory; give the path of one/,
    })
  }
})
