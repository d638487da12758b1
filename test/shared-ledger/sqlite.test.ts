import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { openSharedLedger } from '../../src/shared-ledger/open-shared-ledger.ts'
import { testSharedLedger } from './shared-ledger-conformance.ts'

const directory = mkdtempSync(join(tmpdir(), 'homing-shared-'))
after(() => rmSync(directory, { recursive: true }))
let files = 0

testSharedLedger({
  name: 'SQLite',
  place: async () => {
    const path = join(directory, `ledger-${files++}.sqlite`)
    return (options) => openSharedLedger(path, options)
  },
})
