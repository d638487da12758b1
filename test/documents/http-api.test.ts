import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { httpTestServer } from '../http/http-server.ts'
import { codeBlocks, documents } from './document.ts'
import { runProgram } from './run-program.ts'
import { fits, stepsOf } from './shell-session.ts'

const parting = '--- homing step ---'
const hasCurl = spawnSync('curl', ['--json', '', '--version']).status === 0

test('what the page of the HTTP API shows is what its commands print', {
  skip: hasCurl ? false : 'needs curl 7.82 or newer',
}, async () => {
  await using server = await httpTestServer()
  const page = documents().find(({ path }) => path === 'docs/http-api.md') ?? assert.fail()
  const steps = codeBlocks(page)
    .filter(({ info }) => info === 'sh run')
    .flatMap(({ code }) => stepsOf(code))
  assert.ok(steps.length > 12)
  const script = steps
    .map(({ commands }) => `${commands}\necho '${parting}'`)
    .join('\n')
    .replace('http://127.0.0.1:15672', server.url)
  const folder = mkdtempSync(join(tmpdir(), 'homing-documents-'))
  try {
    mkdirSync(join(folder, 'data'))
    cpSync(join(server.directory, 'admin-password'), join(folder, 'data/admin-password'))
    const ran = await runProgram('sh', ['-eu', '-c', script], { cwd: folder, msMax: 30_000 })
    assert.equal(ran.code, 0, ran.output)
    const outputs = ran.out.split(`${parting}\n`)
    for (const [n, { commands, output }] of steps.entries()) {
      const printed = outputs[n] ?? ''
      const shown = output ?? ''
      assert.ok(fits(shown, printed), `${commands}\nshows ${shown}\nprints ${printed}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('what a page shows must be printed as it is, but for what it leaves out', () => {
  assert.deepEqual(stepsOf('a=1\nb\n# out 1\n#\n# out 2\nc\n'), [
    { commands: 'a=1\nb', output: 'out 1\n\nout 2' },
    { commands: 'c', output: undefined },
  ])
  assert.ok(fits('{"id":"…",…}', '{"id":"x","n":1}\n'))
  assert.equal(fits('{"id":"x"}', '{"id":"y"}'), false)
  assert.equal(fits('204', '2040'), false)
})
