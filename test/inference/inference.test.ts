import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
// Imported so that they count as used; nothing in them runs.
import './consumer.ts'
import './outcome.ts'
import './producer.ts'

const compiler = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc')

test('the compiler infers what a contract says and refuses what it does not', async () => {
  const compiled = promisify(execFile)(process.execPath, [compiler, '-p', import.meta.dirname])
  const said = await compiled.then(
    () => '',
    (error: { stdout: string }) => error.stdout || String(error),
  )
  assert.equal(said, '')
})
