import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { repositoryFiles, root } from '../tidy/source-file.ts'
import { runProgram } from './run-program.ts'

const msMax = 50_000

const examples = repositoryFiles('examples/*.ts').map(({ path }) => path)

test('there are at least five examples', () => {
  assert.ok(examples.length >= 5, `examples/ holds ${examples.length} programs of at least 5`)
})

for (const path of examples) {
  test(`${path} runs, ends by itself, and runs again on what it left`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'homing-example-'))
    try {
      for (const time of ['first', 'second']) {
        const ran = await runProgram(process.execPath, [join(root, path)], { cwd: folder, msMax })
        assert.equal(ran.code, 0, `${time} run: ${ran.output}`)
        assert.notEqual(ran.output.trim(), '', `${time} run prints nothing`)
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
}
