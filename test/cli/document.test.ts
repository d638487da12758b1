import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { commands } from '../../src/cli/commands.ts'
import { exitCodes } from '../../src/cli/exit-codes.ts'
import { root } from '../tidy/source-file.ts'
import { HomingFolder } from './homing-command.ts'

const page = readFileSync(join(root, 'docs/cli.md'), 'utf8')

test('the page of the command lists every exit code with its meaning', () => {
  const rows = Object.values(exitCodes).map(({ code, meaning }) => `| ${code} | ${meaning} |\n`)
  assert.ok(page.includes(rows.join('')), rows.join(''))
})

test('every command has help with examples, and every option of it stands on the page', async () => {
  using folder = new HomingFolder()
  const overview = await folder.ok(['--help'])
  for (const { name, summary } of commands) {
    assert.ok(overview.includes(`  ${name} `) && overview.includes(summary), name)
    const help = await folder.ok([name, '--help'])
    assert.match(help, /\nExamples:\n {2}\$ homing /, name)
    assert.ok(page.includes(`\`${name}`), name)
    for (const [option] of help.matchAll(/--[a-z][a-z-]+/g)) {
      assert.ok(page.includes(`\`${option}`) || option === '--help', `${name} ${option}`)
    }
  }
})

test('without a command the help is shown, and the version with --version', async () => {
  using folder = new HomingFolder()
  assert.match(await folder.ok([]), /^Usage: homing /)
  assert.match(await folder.ok(['--version']), /^\d+\.\d+\.\d+\n$/)
  assert.match(await folder.ok(['help', 'send']), /^Usage: homing send /)
})
