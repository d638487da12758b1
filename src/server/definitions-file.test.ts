import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { HomingError } from '../errors.ts'
import { explained, readDefinitions, writeDefinitions } from './definitions-file.ts'
import { emptyState } from './definitions-state.ts'

test('what the system says about the file is told in our words', () => {
  const said = (code: string): HomingError =>
    explained(Object.assign(new Error('said'), { code }), 'DIR/file') as HomingError
  assert.deepEqual(
    ['EACCES', 'EROFS', 'ENOSPC', 'EDQUOT', 'EIO'].map((code) => said(code).code),
    ['not-permitted', 'not-permitted', 'disk-full', 'disk-full', 'disk-failed'],
  )
  assert.match(said('ENOSPC').message, /^DIR\/file cannot be written: the disk is full/)
  const ours = new HomingError('locked', 'x')
  assert.equal(explained(ours, 'p'), ours)
  const bug = new TypeError('x')
  assert.equal(explained(bug, 'p'), bug)
})

test('a file that cannot be read or written is an error, never an empty set of users', () => {
  const directory = mkdtempSync(join(tmpdir(), 'homing-definitions-'))
  try {
    mkdirSync(join(directory, 'definitions.json'))
    assert.throws(() => readDefinitions(directory), { name: 'HomingError' })
    assert.throws(() => writeDefinitions(directory, emptyState), { name: 'HomingError' })
    assert.ok(readdirSync(directory).includes('definitions.json'))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
