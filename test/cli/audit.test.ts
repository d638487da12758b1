import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { HomingFolder } from './homing-command.ts'

test('what the command changes is in the audit log, and the log is checked', async () => {
  using folder = new HomingFolder()
  const secret = 'canary-88d1'
  await folder.ok(['send', 'greetings', '"hello"'])
  assert.equal(await folder.ok(['audit', 'list']), '')
  await folder.ok(['user', 'add', 'ada', '--tag', 'monitoring'], { stdin: `${secret}\n` })
  await folder.ok(['user', 'tags', 'ada'])
  await folder.ok(['user', 'list'])
  const rows = await folder.json<{ on: string; from: string; result: string }>(['audit', 'list'])
  const done = rows.map(({ on, from, result }) => `${from}: ${on}: ${result}`)
  assert.equal(done[0], 'command: homing user tags ada: done')
  assert.equal(done[1], 'command: homing user add ada --tag monitoring: done')
  assert.ok(!done.some((row) => row.includes('user list')))
  assert.match(await folder.ok(['audit', 'list']), /homing user tags ada +done/)
  assert.match(await folder.ok(['audit', 'verify']), /last hash +[0-9a-f]{64}\n\nno damage\n$/)
  const path = join(folder.data, 'audit.log')
  const text = readFileSync(path, 'utf8')
  assert.ok(!text.includes(secret))
  writeFileSync(path, text.replace('monitoring', 'management'))
  const { code, out } = await folder.run(['audit', 'verify'])
  assert.equal(code, 8)
  assert.match(out, /damage {2}audit\.log line \d+ {2}is no whole record/)
})

test('there is nothing to list where nothing was done', async () => {
  using folder = new HomingFolder()
  assert.equal((await folder.run(['audit', 'list'])).code, 3)
})
