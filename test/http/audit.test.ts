import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'amqplib'
import type { AuditPage } from '../../src/http/shapes/audit.ts'
import { checkAuditLog } from '../../src/server/audit-check.ts'
import { type HttpTestServer, httpTestServer } from './http-server.ts'

async function noted(server: HttpTestServer, query = ''): Promise<readonly string[]> {
  const { json } = await server.api('GET', `/api/audit?limit=50${query}`)
  const { entries } = json as AuditPage
  return entries.map(({ user, action, on, result, code }) =>
    [user, action, on, code ?? result].join(' | '),
  )
}

test('every change by HTTP is noted with who, what and the result; reading is not', async () => {
  await using server = await httpTestServer()
  const ann = await server.addUser('ann', ['management'])
  await server.api('PUT', '/api/queues/%2F/orders', {})
  await server.api('GET', '/api/queues')
  await server.api('PUT', '/api/queues/%2F/orders', { arguments: { 'x-max-length': -1 } })
  await ann('DELETE', '/api/users/admin')
  await ann('GET', '/api/users')
  await server.api('POST', '/api/exchanges/%2F/amq.default/publish', {
    routing_key: 'orders',
    payload: 'x',
  })
  assert.deepEqual(await noted(server), [
    'ann | get /api/users | /api/users | access-refused',
    'ann | delete /api/users/{user} | /api/users/admin | access-refused',
    'admin | put /api/queues/{vhost}/{queue} | /api/queues/\u002f/orders | bad-argument',
    'admin | put /api/queues/{vhost}/{queue} | /api/queues/\u002f/orders | done',
  ])
  assert.equal((await noted(server, '&result=refused')).length, 2)
  assert.equal((await noted(server, '&user=admin&text=put')).length, 2)
  assert.equal(checkAuditLog(server.directory).ok, true)
})

test('logins are noted, right and wrong, by AMQP, Basic and page', async () => {
  await using server = await httpTestServer()
  const url = (password: string): string => `amqp://admin:${password}@127.0.0.1:${server.port}`
  const client = await connect(url(server.adminPassword))
  await client.close()
  await assert.rejects(connect(url('wrong')))
  await server.as('admin', 'wrong')('GET', '/api/whoami')
  await server.as('')('POST', '/api/session', { user: 'admin', password: server.adminPassword })
  await server.as('')('GET', '/api/whoami')
  assert.deepEqual(await noted(server), [
    'admin | login | dashboard | done',
    'admin | login | unknown user or wrong password | login-refused',
    'admin | login | unknown user or wrong password | login-refused',
    'admin | login | virtual host / | done',
  ])
})

test('no password, old or new, is in the audit log, the log or any answer', async () => {
  await using server = await httpTestServer()
  const canary = 'canary-5f1c'
  const answers = [
    await server.api('PUT', '/api/users/ada', { password: canary, tags: 'administrator' }),
    await server.api('PUT', '/api/users/bad', { password_hash: canary }),
    await server.as('ada', canary)('GET', '/api/users'),
    await server.as('ada', canary)('GET', '/api/users/ada'),
    await server.as('ada', canary)('GET', '/api/whoami'),
    await server.as('ada', canary)('GET', '/api/definitions'),
    await server.as('ada', canary)('PUT', '/api/session/password', {
      password: canary,
      newPassword: `${canary}-2`,
    }),
    await server.as('ada', `${canary}-3`)('GET', '/api/whoami'),
    await server.as('')('POST', '/api/session', { user: 'ada', password: `${canary}-4` }),
    await server.as('ada', `${canary}-2`)('GET', '/api/audit'),
  ]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [201, 400, 200, 200, 200, 200, 204, 401, 401, 200],
  )
  const audit = readFileSync(join(server.directory, 'audit.log'), 'utf8')
  const definitions = readFileSync(join(server.directory, 'definitions.json'), 'utf8')
  const encoded = Buffer.from(canary).toString('base64').slice(0, -2)
  for (const text of [...answers.map(({ text }) => text), audit, definitions, ...server.logLines]) {
    assert.ok(!text.includes(canary) && !text.includes(encoded), text.slice(0, 200))
  }
  const users = answers[2]?.text ?? ''
  assert.doesNotMatch(users, /scrypt|hash/)
})

test('a user changes the own password, and nobody else by that', async () => {
  await using server = await httpTestServer()
  const ann = await server.addUser('ann')
  const change = { password: 'wrong', newPassword: 'next' }
  assert.equal((await ann('PUT', '/api/session/password', change)).status, 401)
  assert.equal(
    (await ann('PUT', '/api/session/password', { ...change, password: 'pw' })).status,
    204,
  )
  assert.equal((await ann('GET', '/api/session')).status, 401)
  assert.equal((await server.as('ann', 'next')('GET', '/api/session')).status, 200)
})

test('a backup is made while the server runs, once under each name', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'homing-backups-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  await using server = await httpTestServer({}, { backupFolder: folder })
  await server.api('PUT', '/api/queues/%2F/kept', {})
  const made = await server.api('POST', '/api/backup', { name: 'one' })
  assert.equal(made.status, 201, made.text)
  assert.ok(readdirSync(join(folder, 'one')).includes('definitions.json'))
  const again = await server.api('POST', '/api/backup', { name: 'one' })
  assert.equal(again.status, 400)
  assert.match(again.text, /by the name \\"one\\"/)
  assert.ok(!again.text.includes(folder))
  const timed = await server.api('POST', '/api/backup', {})
  assert.match((timed.json as { name: string }).name, /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/)
})

test('a backup has a name and no path, and needs a folder that was set', async () => {
  await using server = await httpTestServer({}, { backupFolder: '/nowhere/backups' })
  for (const name of ['../x', '/x', 'a/b', '.hidden', '', 'a\\b', 'a\0b', 'x'.repeat(101)]) {
    const answer = await server.api('POST', '/api/backup', { name })
    assert.equal(answer.status, 400, name)
  }
  await using without = await httpTestServer()
  const refused = await without.api('POST', '/api/backup', {})
  assert.deepEqual([refused.status, (refused.json as { code: string }).code], [501, 'unsupported'])
})
