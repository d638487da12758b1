import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { HomingError } from './errors.ts'
import { homing } from './homing.ts'

const withCode =
  (code: string, words = /./) =>
  (error: unknown) =>
    error instanceof HomingError && error.code === code && words.test(error.message)

const door = join(import.meta.dirname, 'index.ts')

/** Runs a program of its own, in an empty directory; resolves with what it printed. */
async function printed(program: string): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), 'homing-'))
  try {
    const source = `import { homing, queue } from ${JSON.stringify(door)}\n${program}`
    const args = ['--input-type=module-typescript', '--eval', source]
    return (await promisify(execFile)(process.execPath, args, { cwd })).stdout.trim()
  } finally {
    await rm(cwd, { recursive: true })
  }
}

test('an engine that is not there is refused by its scheme', async () => {
  await assert.rejects(homing('carrier-pigeon://x'), withCode('unsupported', /"carrier-pigeon:"/))
  await assert.rejects(homing('memory:x'), withCode('unsupported', /"memory:"/))
  await assert.rejects(homing(''), withCode('bad-argument', /empty path/))
  await assert.rejects(homing(5 as never), withCode('bad-argument', /number/))
})

test('an unknown option of homing is refused', async () => {
  await assert.rejects(
    homing('memory:', { synk: 'always' } as object),
    withCode('unknown-option', /"sync"/),
  )
  await assert.rejects(
    homing('memory:', { log: {} as never }),
    withCode('bad-argument', /debug\(\)/),
  )
  await assert.rejects(homing('memory:', null as never), withCode('bad-argument', /give an object/))
})

test('without a place the data directory is ./data', async () => {
  const program = `
    import { existsSync } from 'node:fs'
    const home = await homing()
    console.log(existsSync('data'))
    await home.close()`
  assert.equal(await printed(program), 'true')
})

test('a program that awaits an outcome stays alive over a backoff, and ends once all is closed', async () => {
  const program = `
    const job = queue('job', { retry: { attempts: 2, backoff: 30 } })
    const home = await homing('memory:')
    home.consume(job, ({ attempt }) => {
      if (attempt === 1) throw new Error('not yet')
      return 'second'
    })
    console.log(await home.call(job, 1))
    await home.close()`
  assert.equal(await printed(program), 'second')
})

test('a program that only sends ends by itself', async () => {
  const program = `
    const home = await homing('memory:')
    await home.send(queue('job'), 1)
    console.log('sent')`
  assert.equal(await printed(program), 'sent')
})
