import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { documents, programs } from './document.ts'
import { packagesOf, projectFolder } from './project-folder.ts'
import { runProgram } from './run-program.ts'

const msMax = 30_000

const all = documents().flatMap((document) =>
  programs(document).map((program, index) => ({ path: document.path, number: index + 1, program })),
)

test('the README holds a program that a reader can run', () => {
  assert.ok(all.some(({ path }) => path === 'README.md'))
})

for (const { path, number, program } of all) {
  test(`program ${number} of ${path} runs and ends by itself`, async () => {
    using project = projectFolder(packagesOf(program))
    writeFileSync(join(project.path, 'program.ts'), program)
    const ran = await runProgram(process.execPath, ['program.ts'], { cwd: project.path, msMax })
    assert.equal(ran.code, 0, ran.output)
  })
}
