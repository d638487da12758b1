import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { testLedger } from './ledger-conformance.ts'
import { openSqliteLedger } from './sqlite-ledger.ts'

const directory = mkdtempSync(join(tmpdir(), 'homing-ledger-'))
after(() => rmSync(directory, { recursive: true }))
let made = 0

testLedger({
  name: 'SQLite ledger',
  open: (retention) => openSqliteLedger(join(directory, `${++made}.sqlite`), { retention }),
})
