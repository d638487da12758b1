import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { Cursors } from './cursors.ts'

test('a cursor comes back as it was, and can be neither read nor made up', () => {
  const cursors = new Cursors()
  const sealed = cursors.seal('secret\u001fid') ?? ''
  assert.equal(cursors.open(sealed), 'secret\u001fid')
  assert.doesNotMatch(Buffer.from(sealed, 'base64url').toString('latin1'), /secret/)
  const changed = `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`
  for (const forged of [changed, '', 'x', 'A'.repeat(100), new Cursors().seal('secret') ?? '']) {
    assert.throws(() => cursors.open(forged), { code: 'bad-argument' })
  }
  assert.deepEqual([cursors.seal(undefined), cursors.open(undefined)], [undefined, undefined])
})
