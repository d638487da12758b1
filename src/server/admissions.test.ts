import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { Credentials, Opening, PeerFacts } from '../amqp/admission.ts'
import { PortabilityWarnings } from '../amqp/portability.ts'
import type { AmqpError } from '../amqp/protocol/amqp-error.ts'
import { systemClock } from '../clock.ts'
import type { VirtualHost } from '../virtual-host/port.ts'
import { Admissions } from './admissions.ts'
import { AuditLog } from './audit-log.ts'
import type { Change } from './definitions-state.ts'
import { DefinitionsStore } from './definitions-store.ts'
import { firstState, guestUser } from './first-start.ts'
import { LiveSessions } from './live-sessions.ts'
import { isLoopback } from './loopback.ts'
import { hashPassword, publicPasswordCost } from './password.ts'
import { PasswordChecks } from './password-checks.ts'
import { logTo, noLog } from './server-log.ts'
import {
  addUser,
  changeUser,
  clearPermission,
  deleteUser,
  setPermission,
  setTopicPermission,
} from './user-changes.ts'
import { addVirtualHost, changeVirtualHost, deleteVirtualHost } from './virtual-host-changes.ts'

const canary = 'canary-7f3a'

interface Trial {
  readonly guest?: boolean
  readonly allowPlaintext?: boolean
}

async function trial({ guest = true, allowPlaintext = false }: Trial = {}) {
  const passwordHash = await hashPassword(Buffer.from(canary), publicPasswordCost)
  const ada = { name: 'ada', passwordHash, tags: ['monitoring'] }
  const definitions = new DefinitionsStore(firstState('/', [ada, await guestUser()]))
  definitions.change(addVirtualHost('other'), addUser({ name: 'cert', passwordHash: undefined }))
  const sessions = new LiveSessions()
  definitions.watch((before, after) => sessions.revoke(before, after))
  const lines: string[] = []
  const admissions = new Admissions({
    audit: new AuditLog({ clock: systemClock, log: noLog }),
    definitions,
    checks: new PasswordChecks(systemClock),
    sessions,
    log: logTo((line) => lines.push(line), { level: 'debug' }),
    virtualHost: (name) => ({ name }) as VirtualHost,
    settings: { guest, allowPlaintext, compat: undefined },
  })
  return { definitions, sessions, admissions, lines }
}

const peer = (address: string, more: Partial<PeerFacts> = {}): PeerFacts => ({
  address,
  port: 40_000,
  localAddress: '192.0.2.10',
  localPort: 5672,
  tls: false,
  certificateUser: undefined,
  ...more,
})

const plain = (user: string, password: string): Credentials => ({
  mechanism: 'PLAIN',
  user,
  password: Buffer.from(password),
})

const opening = (close: (why: AmqpError) => void = () => undefined): Opening => ({
  name: 'a:1 -> b:2',
  givenName: '',
  peer: peer('127.0.0.1'),
  clientProperties: new Map(),
  warnings: new PortabilityWarnings(),
  close,
})

test('this machine is told by the address of the socket, also where IPv6 wraps it', () => {
  const here = ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1', '::FFFF:127.0.0.1', '']
  const elsewhere = [
    '192.0.2.1',
    '128.0.0.1',
    '::ffff:192.0.2.1',
    '127.0.0.1.example',
    '::2',
    '0.0.0.0',
  ]
  assert.deepEqual(here.filter(isLoopback), here)
  assert.deepEqual(elsewhere.filter(isLoopback), [])
})

test('guest comes in from this machine only, and not at all when it is turned off', async () => {
  const { admissions } = await trial({ allowPlaintext: true })
  const guest = plain('guest', 'guest')
  assert.deepEqual(await admissions.authenticate(guest, peer('127.0.0.1')), { user: 'guest' })
  assert.deepEqual(await admissions.authenticate(guest, peer('::1')), { user: 'guest' })
  assert.equal(await admissions.authenticate(guest, peer('192.0.2.1')), undefined)
  assert.equal(await admissions.authenticate(guest, peer('192.0.2.1', { tls: true })), undefined)
  const closed = await trial({ guest: false })
  assert.equal(await closed.admissions.authenticate(guest, peer('127.0.0.1')), undefined)
})

test('a password from elsewhere needs TLS, unless that was allowed', async () => {
  const { admissions, lines } = await trial()
  const ada = plain('ada', canary)
  assert.equal(await admissions.authenticate(ada, peer('192.0.2.1')), undefined)
  assert.match(lines.at(-1) ?? '', /unencrypted connection; use TLS/)
  assert.deepEqual(await admissions.authenticate(ada, peer('192.0.2.1', { tls: true })), {
    user: 'ada',
  })
  const open = await trial({ allowPlaintext: true })
  assert.deepEqual(await open.admissions.authenticate(ada, peer('192.0.2.1')), { user: 'ada' })
})

test('a certificate names the user; without one, or for a stranger, nobody comes in', async () => {
  const { admissions } = await trial()
  const by = (certificateUser: string | undefined, address = '192.0.2.1') =>
    admissions.authenticate(
      { mechanism: 'EXTERNAL' },
      peer(address, { tls: true, certificateUser }),
    )
  assert.deepEqual(await by('cert'), { user: 'cert' })
  assert.equal(await by(undefined), undefined)
  assert.equal(await by('stranger'), undefined)
  assert.equal(await by('guest'), undefined)
})

test('a user without a password cannot come in by any, and every refusal looks the same', async () => {
  const { admissions } = await trial()
  for (const [user, password] of [
    ['cert', ''],
    ['cert', 'undefined'],
    ['ada', 'wrong'],
    ['nobody', canary],
    ['', ''],
    ['__proto__', 'x'],
  ] as const)
    assert.equal(await admissions.authenticate(plain(user, password), peer('127.0.0.1')), undefined)
})

test('who is deleted while the password is checked does not come in', async () => {
  const { admissions, definitions } = await trial()
  const asked = admissions.authenticate(plain('ada', canary), peer('127.0.0.1'))
  definitions.change(deleteUser('ada'))
  assert.equal(await asked, undefined)
})

test('no password appears in the log, right or wrong', async () => {
  const { admissions, lines } = await trial()
  await admissions.authenticate(plain('ada', canary), peer('127.0.0.1'))
  await admissions.authenticate(plain('ada', `${canary}!`), peer('127.0.0.1'))
  await admissions.authenticate(plain('ada', canary), peer('192.0.2.1'))
  assert.ok(lines.length >= 2)
  assert.ok(!lines.join('\n').includes('canary'))
})

test('a virtual host is entered by those who have a permission in it', async () => {
  const { admissions } = await trial()
  const refused = (vhost: string, user: string, replyText: string) =>
    assert.throws(() => admissions.open(vhost, { user }, opening()), { replyCode: 530, replyText })
  const { session } = admissions.open('/', { user: 'ada' }, opening())
  assert.deepEqual(
    [session.user, session.may('read', 'x'), [...session.tags]],
    ['ada', true, ['monitoring']],
  )
  refused('other', 'ada', "NOT_ALLOWED - access to vhost 'other' refused for user 'ada'")
  refused('nowhere', 'ada', 'NOT_ALLOWED - vhost nowhere not found')
  refused('/', 'cert', "NOT_ALLOWED - access to vhost '/' refused for user 'cert'")
  refused('/', 'gone', "NOT_ALLOWED - access to vhost '/' refused for user 'gone'")
})

test('connections are limited by user and by virtual host, channels by user', async () => {
  const { admissions, definitions, sessions } = await trial()
  const open = (user: string) => {
    const opened = admissions.open('/', { user }, opening())
    sessions.add(opened.session, () => undefined)
    return opened
  }
  definitions.change(changeUser('ada', { connectionsMax: 1, channelsMax: 1 }))
  const ada = open('ada')
  assert.throws(() => open('ada'), /user connection limit \(1\) is reached/)
  ada.takeChannel?.()
  assert.throws(() => ada.takeChannel?.(), { replyCode: 530, replyText: /user limit of \(1\)/ })
  ada.giveChannel?.()
  ada.takeChannel?.()
  definitions.change(changeVirtualHost('/', { connectionsMax: 2 }))
  const guest = open('guest')
  assert.throws(() => open('guest'), /connection limit \(2\) is reached/)
  sessions.delete(guest.session)
  sessions.delete(guest.session)
  open('guest')
  assert.equal(sessions.count, 2)
})

test('what is taken away ends the session, what is added leaves it', async () => {
  const cases: readonly (readonly [string, readonly Change[], RegExp | undefined])[] = [
    ['user deleted', [deleteUser('ada')], /user 'ada' was deleted/],
    ['virtual host deleted', [deleteVirtualHost('/')], /vhost '\/' was deleted/],
    ['permission cleared', [clearPermission('ada', '/')], /permissions of user 'ada'/],
    ['narrowed', [setPermission({ ...all, read: '^a' })], /permissions of user 'ada'/],
    ['tag taken', [changeUser('ada', { tags: [] })], /tag 'monitoring'/],
    ['topics closed', [setTopicPermission({ ...all, exchange: 'x', write: '' })], /permissions/],
    ['tag added', [changeUser('ada', { tags: ['monitoring', 'impersonator'] })], undefined],
    ['the same again', [setPermission(all)], undefined],
    ['password changed', [changeUser('ada', { passwordHash: undefined })], undefined],
    ['another user deleted', [deleteUser('guest')], undefined],
    ['another virtual host deleted', [deleteVirtualHost('other')], undefined],
  ]
  for (const [what, changes, says] of cases) {
    const { admissions, definitions, sessions } = await trial()
    const told: AmqpError[] = []
    const { session } = admissions.open('/', { user: 'ada' }, opening())
    sessions.add(session, (why) => told.push(why))
    definitions.change(...changes)
    assert.equal(told.length, says === undefined ? 0 : 1, what)
    if (says !== undefined) assert.match(told[0]?.replyText ?? '', says)
    if (says !== undefined) assert.equal(told[0]?.replyCode, 320)
  }
})

test('a session judges by the permissions of now', async () => {
  const { admissions, definitions } = await trial()
  const { session } = admissions.open('/', { user: 'ada' }, opening())
  assert.equal(session.may('write', 'q'), true)
  assert.equal(session.mayTopic('write', 'x', 'a.b'), true)
  definitions.change(setPermission({ ...all, write: '^other$' }))
  assert.equal(session.may('write', 'q'), false)
  definitions.change(setTopicPermission({ ...all, exchange: 'x', write: '^a' }))
  assert.deepEqual(
    [session.mayTopic('write', 'x', 'a.b'), session.mayTopic('write', 'x', 'b')],
    [true, false],
  )
  for (let n = 0; n < 3_000; n++) session.may('write', `q${n}`)
  assert.equal(session.may('write', 'other'), true)
})

const all = { user: 'ada', vhost: '/', configure: '.*', write: '.*', read: '.*' }
