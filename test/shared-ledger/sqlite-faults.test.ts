import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSharedLedger } from '../../src/shared-ledger/open-shared-ledger.ts'
import { lacking, mountedTmpfs } from '../faults/machine.ts'
import { contest } from './ending-processes.ts'
import { callbackOf, codeOf, outcomeOf, stateOf } from './ledger-under-test.ts'

const root = mkdtempSync(join(tmpdir(), 'homing-shared-'))
after(() => rmSync(root, { recursive: true }))
const newPath = (): string => join(mkdtempSync(join(root, 'd')), 'ledger.sqlite')

async function filled(path: string, count = 200): Promise<void> {
  await using ledger = await openSharedLedger(path)
  await ledger.end(
    Array.from({ length: count }, (_, n) => ({
      outcome: outcomeOf(`m${n}`),
      callbacks: [callbackOf(`m${n}`)],
    })),
  )
}

test('SQLite: what was stored is there after closing and opening again', async () => {
  const path = newPath()
  await filled(path)
  await using ledger = await openSharedLedger(path)
  assert.equal(await codeOf(ledger, 'm199'), 'ok')
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('SQLite: a file that another process holds is waited for, and the process goes on meanwhile', async () => {
  const path = newPath()
  await using ledger = await openSharedLedger(path)
  const holder = new DatabaseSync(path)
  holder.exec('BEGIN IMMEDIATE')
  let turns = 0
  const ticking = setInterval(() => turns++, 5)
  const ended = ledger.end([{ outcome: outcomeOf('a') }])
  const early = await Promise.race([ended.then(() => true), sleep(300, false)])
  assert.equal(early, false)
  assert.ok(turns > 20, `the event loop turned ${turns} times`)
  holder.exec('COMMIT')
  holder.close()
  assert.equal((await ended)[0]?.state, 'final')
  clearInterval(ticking)
})

test('SQLite: a file held for longer than the patience fails the call, and the next one goes through', async () => {
  const path = newPath()
  await using ledger = await openSharedLedger(path, { patienceMs: 100 })
  const holder = new DatabaseSync(path)
  holder.exec('BEGIN IMMEDIATE')
  await assert.rejects(ledger.end([{ outcome: outcomeOf('a') }]), {
    code: 'ledger-unavailable',
    message: /ledger\.sqlite: the shared ledger is locked by another process/,
    retryable: true,
  })
  assert.equal(await stateOf(ledger, 'a'), 'unknown')
  holder.exec('COMMIT')
  holder.close()
  await ledger.end([{ outcome: outcomeOf('a') }])
  assert.equal(await codeOf(ledger, 'a'), 'ok')
})

const damages: Readonly<Record<string, (path: string) => void>> = {
  'is no database': (path) => writeFileSync(path, 'not a database'.repeat(1_000)),
  'was cut short': (path) => truncateSync(path, statSync(path).size - 8_192),
  'has zeros in it': (path) => writeFileSync(path, readFileSync(path).fill(0, 4_096, 40_960)),
}

for (const [damage, inflict] of Object.entries(damages))
  test(`SQLite: a file that ${damage} is refused, by the opening or by the call, and kept`, async () => {
    const path = newPath()
    await filled(path)
    inflict(path)
    const bytes = readFileSync(path)
    const attempt = async () => {
      await using ledger = await openSharedLedger(path)
      await ledger.end(Array.from({ length: 300 }, (_, n) => ({ outcome: outcomeOf(`n${n}`) })))
      await ledger.lookUp(Array.from({ length: 200 }, (_, n) => `m${n}`))
    }
    await assert.rejects(attempt(), {
      code: 'ledger-unavailable',
      message: /is damaged \(.*\); restore it from a backup, or move it away/,
    })
    assert.ok(readFileSync(path).equals(bytes))
  })

test('SQLite: a file of another program, of a newer format, or a ledger of a data directory is refused', async () => {
  const foreign = newPath()
  const other = new DatabaseSync(foreign)
  other.exec('CREATE TABLE t (x); PRAGMA application_id = 7')
  other.close()
  await assert.rejects(openSharedLedger(foreign), {
    code: 'format-unknown',
    message: /of another program \(application id 7/,
  })
  const newer = newPath()
  await filled(newer, 1)
  const file = new DatabaseSync(newer)
  file.exec('PRAGMA user_version = 99')
  file.close()
  await assert.rejects(openSharedLedger(newer), {
    code: 'format-unknown',
    message: /has shared ledger format 99, this Homing writes format 1/,
  })
})

test('SQLite: a directory that is not there, and what is no place of a ledger, is refused by name', async () => {
  await assert.rejects(openSharedLedger(join(root, 'missing', 'x.sqlite')), {
    code: 'ledger-unavailable',
    message: /does not exist; make it first/,
  })
  const directory = join(root, 'directory.sqlite')
  mkdirSync(directory)
  await assert.rejects(openSharedLedger(directory), { code: 'not-permitted' })
  await assert.rejects(openSharedLedger(''), { code: 'bad-argument' })
  await assert.rejects(openSharedLedger('mysql://x/y'), {
    code: 'unsupported',
    message: /cannot be a "mysql:" address/,
  })
})

test('SQLite: another user is not permitted, and told so', { skip: lacking('root') }, async () => {
  const path = newPath()
  await filled(path, 1)
  const program = `
    const { openSharedLedger } = await import(${JSON.stringify(import.meta.resolve('../../src/shared-ledger/open-shared-ledger.ts'))})
    process.setgid(65534); process.setuid(65534)
    await openSharedLedger(${JSON.stringify(path)}).catch((e) => console.log(e.code, e.message))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  })
  assert.match(stdout, /^not-permitted .*65534/)
})

test('SQLite: a full disk fails the call, nothing of it is stored, and later calls go through', {
  skip: lacking('root', 'mount'),
}, async () => {
  using disk = mountedTmpfs('1m')
  const path = join(disk.path, 'ledger.sqlite')
  await using ledger = await openSharedLedger(path)
  await ledger.end([{ outcome: outcomeOf('before') }])
  const large = (id: string) => ({ outcome: outcomeOf(id, { body: Buffer.alloc(2_000_000, 1) }) })
  await assert.rejects(ledger.end([{ outcome: outcomeOf('beside') }, large('large')]), {
    code: 'disk-full',
    message: /is full .*make room. Nothing was stored/,
    retryable: true,
  })
  const states = (await ledger.lookUp(['before', 'beside', 'large'])).map(({ state }) => state)
  assert.deepEqual(states, ['final', 'unknown', 'unknown'])
  disk.remount('size=20m')
  await ledger.end([large('large')])
  assert.equal(await codeOf(ledger, 'large'), 'ok')
})

test('SQLite: each answer comes after a sync of its own', { skip: lacking('strace') }, () => {
  const { status, stderr, calls } = traced(
    ['-e', 'trace=fdatasync,fsync'],
    `
    for (let n = 0; n < 50; n++) await ledger.end([{ outcome: outcomeOf('m' + n) }])`,
  )
  assert.equal(status, 0, stderr)
  const syncs = calls.split('\n').filter((line) => /f(data)?sync\(/.test(line)).length
  assert.ok(syncs >= 50, `${syncs} syncs`)
})

test('SQLite: a failed sync fails the call and every later one: it is not repeated', {
  skip: lacking('strace'),
}, () => {
  const { stdout, stderr } = traced(
    ['-e', 'trace=fdatasync,fsync', '-e', 'inject=fdatasync,fsync:error=EIO:when=12'],
    `
    for (let n = 0; n < 50; n++)
      await ledger.end([{ outcome: outcomeOf('m' + n) }]).catch((e) => console.log(n, e.code))`,
  )
  const failures = stdout.trim().split('\n')
  const first = Number(failures[0]?.split(' ')[0])
  assert.ok(first > 0 && first < 49, stdout + stderr)
  assert.equal(failures.length, 50 - first, stdout)
  assert.ok(
    failures.every((line) => line.endsWith('disk-failed')),
    stdout,
  )
})

/** Runs lines of a program that has a ledger, under strace. */
function traced(options: readonly string[], lines: string) {
  const path = newPath()
  const log = `${path}.trace`
  const url = (name: string) => JSON.stringify(import.meta.resolve(name))
  const program = `
    const { openSharedLedger } = await import(${url('../../src/shared-ledger/open-shared-ledger.ts')})
    const { outcomeOf } = await import(${url('./ledger-under-test.ts')})
    const ledger = await openSharedLedger(${JSON.stringify(path)})
    ${lines}
    process.exit(0)`
  const args = ['-f', '-qq', '-o', log, ...options, process.execPath]
  const { status, stdout, stderr } = spawnSync(
    'strace',
    [...args, '--input-type=module', '-e', program],
    { encoding: 'utf8' },
  )
  return { status, stdout, stderr, calls: readFileSync(log, 'utf8') }
}

test('SQLite: three processes end 1,000 ids at the same moment: one outcome each', async () => {
  await contest({ where: newPath(), processes: 3, ids: 1_000, atOnce: 10 })
})

test('SQLite: a process killed among others leaves no outcome untold or told twice', async () => {
  await contest({ where: newPath(), processes: 3, ids: 1_000, atOnce: 5, killAfterMs: 150 })
})

test('memory: is a ledger of one process, with all of its calls', async () => {
  await using ledger = await openSharedLedger('memory:')
  assert.equal(ledger.kind, 'memory')
  await ledger.end([{ outcome: outcomeOf('a') }])
  assert.equal(await codeOf(ledger, 'a'), 'ok')
  await using other = await openSharedLedger('memory:')
  assert.equal(await stateOf(other, 'a'), 'unknown')
})
