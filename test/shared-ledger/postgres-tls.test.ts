/*
 * The ledger in a PostgreSQL that is reached over TLS only, by a certificate that is checked.
 */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { HomingError } from '../../src/errors.ts'
import { openSharedLedger } from '../../src/shared-ledger/open-shared-ledger.ts'
import { type Certificates, makeCertificates } from '../amqp/server/certificates.ts'
import { codeOf, outcomeOf } from './ledger-under-test.ts'
import { lackingPostgres, type Postgres, startPostgres } from './postgres-server.ts'

const password = 'Pass:word@1'

const skip = lackingPostgres()
let certificates: Certificates
let server: Postgres
let database: string
before(async () => {
  if (skip !== false) return
  certificates = makeCertificates()
  server = await startPostgres({ tls: certificates.server })
  database = await server.database()
  await server.query(database, `CREATE ROLE ann LOGIN PASSWORD '${password}'`)
  await server.query(database, 'GRANT CREATE ON DATABASE ledger_1 TO ann')
})
after(async () => {
  if (skip !== false) return
  await server[Symbol.asyncDispose]()
  certificates[Symbol.dispose]()
})

const address = (settings: string, host = '127.0.0.1'): string =>
  `postgres://ann:${encodeURIComponent(password)}@${host}:${server.port}/ledger_1${settings}`
const trusting = (name: string): string =>
  `?sslmode=verify-full&sslrootcert=${join(certificates.folder, name)}`

/** At once, with a reason, and without the password. */
async function refused(where: string, code: string, words: RegExp): Promise<void> {
  await assert.rejects(openSharedLedger(where), (error: unknown) => {
    assert.ok(error instanceof HomingError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, words)
    const shown = [error.message, error.stack, String(error.cause), JSON.stringify(error)]
    assert.ok(!shown.some((text) => text?.includes(password) || text?.includes('Pass%3A')))
    return true
  })
}

test('it is opened and keeps outcomes when its certificate is checked', { skip }, async () => {
  const ledger = await openSharedLedger(address(trusting('authority.pem')))
  try {
    await ledger.end([{ outcome: outcomeOf('m1') }])
    assert.equal(await codeOf(ledger, 'm1'), 'ok')
  } finally {
    await ledger.close()
  }
  const [row] = await server.query(database, 'SELECT code FROM homing.messages')
  assert.equal(row?.code, 'ok')
})

test('a certificate of another authority is refused', { skip }, async () => {
  const where = address(trusting('stranger.pem'))
  await refused(where, 'bad-certificate', /127\.0\.0\.1.*not accepted.*sslrootcert/)
})

test('a certificate that is made for another name is refused', { skip }, async () => {
  // Another way to write the address, which the certificate does not have.
  const where = address(trusting('authority.pem'), '127.1')
  await refused(where, 'bad-certificate', /127\.1.*not accepted/)
})

test('a certificate of nobody known is refused', { skip }, async () => {
  await refused(address('?sslmode=verify-full'), 'bad-certificate', /not accepted/)
})

test('an authority whose file is not there is named', { skip }, async () => {
  await refused(address(trusting('nowhere.pem')), 'bad-argument', /nowhere\.pem/)
})

test('without TLS the server takes nobody', { skip }, async () => {
  await refused(address(''), 'login-refused', /no encryption|pg_hba/)
})

test('a server that does not speak TLS says so when it is asked to', { skip }, async () => {
  await using server = await startPostgres()
  const database = await server.database('&sslmode=verify-full')
  await assert.rejects(openSharedLedger(database), {
    code: 'ledger-unavailable',
    message: /does not speak TLS/,
  })
})
