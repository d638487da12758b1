import assert from 'node:assert/strict'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Clock } from '../clock.ts'
import { checkAuditLog } from './audit-check.ts'
import { AuditFiles } from './audit-files.ts'
import { AuditLog } from './audit-log.ts'
import type { AuditGiven } from './audit-record.ts'
import { noLog } from './server-log.ts'

interface Trial extends Disposable {
  readonly directory: string
  readonly path: string
  open(sizes?: { fileBytesMax: number; filesKept: number }): AuditLog
  /** Lets time pass. */
  pass(ms: number): void
}

function trial(): Trial {
  const directory = fs.mkdtempSync(join(tmpdir(), 'homing-audit-'))
  let nowMs = 1_000
  const due: { atMs: number; run: () => void }[] = []
  const clock: Clock = {
    wallMs: () => 1_700_000_000_000 + nowMs,
    monotonicMs: () => nowMs,
    after: (delayMs, run) => {
      due.push({ atMs: nowMs + delayMs, run })
      return { cancel: () => undefined }
    },
    soon: (run) => run(),
  }
  return {
    directory,
    path: join(directory, 'audit.log'),
    open: (sizes) => new AuditLog({ clock, log: noLog, files: new AuditFiles(directory, sizes) }),
    pass(ms) {
      nowMs += ms
      for (const one of due.splice(0)) {
        if (one.atMs <= nowMs) one.run()
        else due.push(one)
      }
    },
    [Symbol.dispose]: () => fs.rmSync(directory, { recursive: true, force: true }),
  }
}

const entry = (on: string, more: Partial<AuditGiven> = {}): AuditGiven => ({
  user: 'ada',
  from: '192.0.2.1',
  action: 'put /api/users/{user}',
  on,
  result: 'done',
  ...more,
})

const linesOf = (path: string): string[] => fs.readFileSync(path, 'utf8').trimEnd().split('\n')
const write = (path: string, lines: readonly string[]): void =>
  fs.writeFileSync(path, `${lines.join('\n')}\n`)

test('what is noted is there after a restart, and its chain is whole', async () => {
  using at = trial()
  const first = at.open()
  for (let n = 1; n <= 3; n++) first.note(entry(`user ${n}`))
  first.close()
  const second = at.open()
  second.note(entry('user 4', { result: 'failed', code: 'bad-argument' }))
  const { records, next } = await second.page({ limit: 10 })
  second.close()
  assert.deepEqual(
    records.map(({ sequence, on }) => `${sequence} ${on}`),
    ['4 user 4', '3 user 3', '2 user 2', '1 user 1'],
  )
  assert.equal(next, undefined)
  const report = checkAuditLog(at.directory)
  assert.deepEqual([report.ok, report.records, report.lastSequence], [true, 4, 4])
  assert.equal(fs.statSync(at.path).mode & 0o777, 0o600)
})

test('a line that was changed, taken out, put in or moved is found', () => {
  using at = trial()
  const log = at.open()
  for (let n = 1; n <= 5; n++) log.note(entry(`user ${n}`))
  log.close()
  const lines = linesOf(at.path)
  const altered: Readonly<Record<string, readonly string[]>> = {
    'the first one changed': lines.with(0, (lines[0] ?? '').replace('user 1', 'user 9')),
    changed: lines.with(2, (lines[2] ?? '').replace('user 3', 'user 9')),
    'taken out': lines.toSpliced(2, 1),
    'put in': lines.toSpliced(2, 0, lines[4] ?? ''),
    moved: [lines[0] ?? '', lines[2] ?? '', lines[1] ?? '', lines[3] ?? '', lines[4] ?? ''],
    'the last one changed': lines.with(4, (lines[4] ?? '').replace('ada', 'eve')),
    'the first ones gone': lines.toSpliced(0, 1).with(0, lines[0] ?? ''),
  }
  for (const [how, changed] of Object.entries(altered)) {
    write(at.path, changed)
    assert.equal(checkAuditLog(at.directory).ok, false, how)
  }
  write(at.path, lines)
  assert.equal(checkAuditLog(at.directory).ok, true)
})

test('what a crash tore off is no damage, and the chain goes on behind it', () => {
  using at = trial()
  const first = at.open()
  first.note(entry('user 1'))
  first.note(entry('user 2'))
  first.close()
  const text = fs.readFileSync(at.path, 'utf8')
  for (let cut = 1; cut < 80; cut += 7) {
    fs.writeFileSync(at.path, text.slice(0, -cut))
    const again = at.open()
    again.note(entry('after the crash'))
    again.close()
    const report = checkAuditLog(at.directory)
    // Without its line end alone the second one is whole.
    assert.deepEqual([report.ok, report.torn], [true, cut === 1 ? 0 : 1], `cut ${cut}`)
    assert.equal(report.lastSequence, cut === 1 ? 3 : 2)
  }
})

test('a full file is put aside and the chain goes through all that are kept', async () => {
  using at = trial()
  const log = at.open({ fileBytesMax: 2_000, filesKept: 3 })
  for (let n = 1; n <= 60; n++) log.note(entry(`user ${n}`))
  const names = fs.readdirSync(at.directory).toSorted()
  assert.deepEqual(names, ['audit.log', 'audit.log.1', 'audit.log.2', 'audit.log.3'])
  const report = checkAuditLog(at.directory)
  assert.deepEqual([report.ok, report.files, report.lastSequence], [true, 4, 60])
  assert.ok(report.firstSequence > 1)
  log.close()
  const again = at.open({ fileBytesMax: 2_000, filesKept: 3 })
  const all: number[] = []
  for (let before: number | undefined = 1_000; before !== undefined; ) {
    const page = await again.page({ limit: 7, before })
    all.push(...page.records.map(({ sequence }) => sequence))
    before = page.next
  }
  const expected = Array.from({ length: report.records }, (_, n) => 60 - n)
  assert.deepEqual(all, expected)
  again.close()
})

test('pages go further back than what is kept in memory, once each', async () => {
  using at = trial()
  const log = at.open()
  for (let n = 1; n <= 2_500; n++) log.note(entry(`user ${n}`))
  const { records, next } = await log.page({ limit: 2_400 })
  assert.equal(records.length, 2_400)
  assert.deepEqual(
    records.map(({ sequence }) => sequence),
    Array.from({ length: 2_400 }, (_, n) => 2_500 - n),
  )
  const rest = await log.page({ limit: 1_000, before: next })
  assert.deepEqual([rest.records.length, rest.next], [100, undefined])
  assert.equal((await log.page({ limit: 5, text: 'user 17' })).records.length, 5)
  assert.equal((await log.page({ limit: 5, user: 'eve' })).records.length, 0)
  log.close()
})

test('who is refused all the time does not fill the log', async () => {
  using at = trial()
  const log = at.open()
  const refused = { result: 'refused', code: 'login-refused', action: 'login' } as const
  for (let n = 0; n < 1_000; n++) log.note(entry(`try ${n}`, refused))
  log.note(entry('what somebody did'))
  at.pass(10_000)
  const { records } = await log.page({ limit: 100 })
  assert.equal(records.length, 22)
  const [last, done] = records
  assert.deepEqual([last?.action, last?.times], ['more refusals', 980])
  assert.equal(done?.on, 'what somebody did')
  log.close()
})

test('a program that logs in all the time is noted now and then', async () => {
  using at = trial()
  const log = at.open()
  const login = { action: 'login', on: 'virtual host /' }
  for (let n = 0; n < 100; n++) log.note(entry('', login))
  at.pass(600_000)
  log.note(entry('', login))
  log.note(entry('', { ...login, user: 'bob' }))
  assert.equal((await log.page({ limit: 100 })).records.length, 3)
  log.close()
})

test('texts of strangers are cut and stay on one line', () => {
  using at = trial()
  const log = at.open()
  log.note(entry(`a\nb\u2028"${'x'.repeat(10_000)}`))
  log.close()
  assert.equal(linesOf(at.path).length, 1)
  assert.ok(fs.statSync(at.path).size < 2_000)
  assert.equal(checkAuditLog(at.directory).ok, true)
})
