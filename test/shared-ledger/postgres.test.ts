import { after, before } from 'node:test'
import { openSharedLedger } from '../../src/shared-ledger/open-shared-ledger.ts'
import { lackingPostgres, type Postgres, startPostgres } from './postgres-server.ts'
import { testSharedLedger } from './shared-ledger-conformance.ts'

const skip = lackingPostgres()
let server: Postgres

before(async () => {
  if (skip === false) server = await startPostgres()
})

after(async () => {
  if (skip === false) await server[Symbol.asyncDispose]()
})

testSharedLedger({
  name: 'PostgreSQL',
  skip,
  place: async () => {
    const address = await server.database()
    return (options) => openSharedLedger(address, options)
  },
})
