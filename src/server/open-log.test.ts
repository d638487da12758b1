import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Secret } from '../secret.ts'
import { openLog } from './open-log.ts'

const canary = 'canary-9a2b'

/** Everything by which a password could come into a log. */
const facts = {
  password: new Secret(canary),
  bytes: Buffer.from(canary),
  url: `amqp://ada:${canary}@host`,
  nested: { url: `amqp://ada:${canary}@host`, secret: new Secret(canary) },
  list: [new Secret(canary)],
  error: new Error(`amqp://ada:${canary}@host does not answer`),
}

for (const format of ['text', 'json'] as const) {
  test(`no password is in a line of the log, as ${format}`, async () => {
    const lines: string[] = []
    const write = (line: string): void => void lines.push(line)
    const log = await openLog({ level: 'debug', format, write })
    for (const level of ['debug', 'info', 'warn', 'error'] as const)
      log[level](facts, `no answer from amqp://ada:${canary}@host`)
    assert.equal(lines.length, 4)
    assert.ok(!lines.join('').includes(canary), lines.join(''))
    assert.match(lines[0] ?? '', /amqp:\/\/ada:…@host/)
    assert.match(lines[0] ?? '', /13 bytes|11 bytes/)
  })

  test(`the level is changed while the log is used, as ${format}`, async () => {
    const lines: string[] = []
    const write = (line: string): void => void lines.push(line)
    const log = await openLog({ level: 'warn', format, write })
    log.info({}, 'first')
    log.setLevel('info')
    log.info({}, 'second')
    log.setLevel('error')
    log.warn({}, 'third')
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', /second/)
  })
}

test('a line of JSON has time, level, text and the facts, whatever they are', async () => {
  const lines: string[] = []
  const write = (line: string): void => void lines.push(line)
  const log = await openLog({ level: 'info', format: 'json', write })
  const circle: { self?: object } = {}
  circle.self = circle
  log.warn({ user: 'ada\n', count: 1, none: undefined, circle }, 'two\nlines')
  const { time, ...rest } = JSON.parse(lines[0] ?? '') as Record<string, unknown>
  assert.match(String(time), /^\d{4}-.*Z$/)
  assert.deepEqual(
    [rest.level, rest.text, rest.user, rest.count],
    ['warn', 'two\nlines', 'ada\n', 1],
  )
  assert.equal(lines[0]?.split('\n').length, 2)
})

test('a log file that was moved goes on under its name, readable by few', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'homing-log-'))
  try {
    const file = join(folder, 'homing.log')
    const write = (line: string): void => assert.fail(line)
    const log = await openLog({ level: 'info', format: 'text', file, write })
    log.info({}, 'before')
    renameSync(file, `${file}.1`)
    log.reopen()
    log.info({}, 'after')
    log.close()
    log.info({}, 'too late')
    assert.match(readFileSync(`${file}.1`, 'utf8'), /before\n$/)
    assert.match(readFileSync(file, 'utf8'), /after\n$/)
    assert.equal(statSync(file).mode & 0o007, 0)
    const nowhere = join(folder, 'none', 'x.log')
    await assert.rejects(openLog({ level: 'info', format: 'text', file: nowhere, write }), {
      code: 'not-permitted',
      message: /make its folder, or choose another log\.file/,
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
