import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { after, test } from 'node:test'
import { runProgram } from '../documents/run-program.ts'
import { repositoryFiles, root } from '../tidy/source-file.ts'
import { type InteropBroker, lackingBroker, startBroker } from './broker.ts'
import { lacking, nestjs, python } from './installed.ts'

const msMax = 50_000
/** The last line of each, in the language's own numbers. */
const lastLines: Readonly<Record<string, RegExp>> = {
  'work-queue': /^done: count the stock, print a bill, resize a photo, send a mail$/,
  'publish-subscribe': /^disk: the disk is nearly full$/,
  routing: /^errors: 1$/,
  topics: /^# got 4$/,
  rpc: /^fib\(10\), fib\(\d+\), fib\(\d+\) = 55, (6765, 832040|610, 6765)$/,
  confirms: /^confirmed: 100(0)?$/,
}

let broker: Promise<InteropBroker> | undefined
after(async () => (await broker)?.stop())

async function runWithBroker(command: string, args: readonly string[], cwd: string) {
  broker ??= startBroker()
  process.env.AMQP_URL = (await broker).url
  return runProgram(command, args, { cwd, msMax })
}

for (const { path } of repositoryFiles('examples/rabbitmq/*/*.{mjs,py}')) {
  const command = path.endsWith('.py') ? python : process.execPath
  const skip = lackingBroker() || lacking(command)
  test(`${path} runs with the broker, and runs again on what it left`, { skip }, async () => {
    const name = path.slice(path.lastIndexOf('/') + 1, -extname(path).length)
    for (const time of ['first', 'second']) {
      const ran = await runWithBroker(command, [join(root, path)], root)
      assert.equal(ran.code, 0, `${time} run: ${ran.output}`)
      assert.match(ran.out.trimEnd().split('\n').at(-1) ?? '', lastLines[name] ?? /never/)
    }
  })
}

const lackingNestjs = lackingBroker() || lacking(nestjs)
test('the NestJS service compiles, answers, refuses and takes events', {
  skip: lackingNestjs,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'homing-interop-nestjs-'))
  try {
    for (const { path } of repositoryFiles('examples/nestjs/*'))
      cpSync(join(root, path), join(folder, path.slice('examples/nestjs/'.length)))
    symlinkSync(nestjs, join(folder, 'node_modules'))
    const compiler = join(root, 'node_modules/.bin/tsc')
    assert.ok(existsSync(compiler))
    const compiled = await runProgram(compiler, [], { cwd: folder, msMax })
    assert.equal(compiled.output, '')
    const ran = await runWithBroker(process.execPath, ['built/main.js'], folder)
    assert.equal(ran.output, "total: 42\nrefused: 0 of cup is no order\nplaced: [ 'cup' ]\n")
    assert.equal(ran.code, 0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
