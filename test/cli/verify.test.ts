import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { homing, queue } from '../../src/index.ts'
import { HomingFolder } from './homing-command.ts'

async function fill(folder: HomingFolder): Promise<void> {
  const home = await homing(folder.data)
  const inputs = Array.from({ length: 20 }, (_, n) => ({ n }))
  await home.sendMany(queue('rows'), inputs)
  await home.close()
}

test('a sound directory verifies with exit code 0 and is not changed', async () => {
  using folder = new HomingFolder()
  await fill(folder)
  const bytes = (): string[] =>
    readdirSync(folder.data)
      .sort()
      .map((name) => `${name} ${readFileSync(join(folder.data, name)).toString('base64')}`)
  const before = bytes()
  assert.match(await folder.ok(['verify']), /^pending +20 messages.*\n\nno damage\n$/m)
  assert.deepEqual(bytes(), before)
})

test('an altered byte is found, told with its place, and the exit code says so', async () => {
  using folder = new HomingFolder()
  await fill(folder)
  const path = join(folder.data, 'journal-0000000001.log')
  const bytes = readFileSync(path)
  bytes[700] = (bytes[700] ?? 0) ^ 1
  writeFileSync(path, bytes)
  const { code, out } = await folder.run(['verify', 'data'])
  assert.equal(code, 8)
  assert.match(
    out,
    /damage {2}journal-0000000001\.log at byte \d+ {2}record \d+ altered or missing/,
  )
  const report = JSON.parse((await folder.run(['verify', '--json'])).out)
  assert.equal(report.ok, false)
  const [finding] = report.findings
  assert.ok(finding.from <= 700 && 700 < finding.from + finding.bytes)
  const rescued = await folder.run(['export', '--json'])
  assert.equal(rescued.code, 8, 'what is damaged is left out and told')
  assert.equal(rescued.out.trim().split('\n').length, 19)
})

test('a directory of a newer version is not judged', async () => {
  using folder = new HomingFolder()
  await fill(folder)
  const path = join(folder.data, 'journal-0000000001.log')
  const bytes = readFileSync(path)
  const { crc32 } = await import('node:zlib')
  bytes.writeUInt32LE(99, 8)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 16)), 16)
  writeFileSync(path, bytes)
  const { code, err } = await folder.run(['verify'])
  assert.equal(code, 11)
  assert.match(err, /journal format 99/)
})
