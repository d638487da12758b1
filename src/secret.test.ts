import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import { Secret, withoutPassword } from './secret.ts'

const canary = 'canary-31f0'

test('a secret shows itself to nobody who does not ask for it by name', () => {
  const secret = new Secret(canary)
  const holder = { of: [secret], by: new Map([['key', secret]]) }
  for (const shown of [
    ...[`${secret}`, String(secret), JSON.stringify(holder), inspect(holder, { depth: 9 })],
    ...[inspect(secret, { showHidden: true }), format('%s %o %j', secret, secret, secret)],
    ...[inspect(new Error('x', { cause: secret })), Object.values(secret).join()],
  ])
    assert.ok(!shown.includes(canary), shown)
  assert.equal(secret.reveal(), canary)
})

test('an address is shown without its password, wherever it stands in a text', () => {
  const cases: readonly (readonly [string, string])[] = [
    [`amqp://ada:${canary}@host/v`, 'amqp://ada:…@host/v'],
    [`amqps://:${canary}@host`, 'amqps://:…@host'],
    [
      `no https://a:${canary}@b:1, postgres://c:${canary}@d`,
      'no https://a:…@b:1, postgres://c:…@d',
    ],
    [`redis://u:with:colon@and@${canary}@h`, 'redis://u:…@h'],
    ['amqp://host:5672/a@b', 'amqp://host:5672/a@b'],
    ['ada@example.org at 10:30', 'ada@example.org at 10:30'],
  ]
  for (const [text, shown] of cases) assert.equal(withoutPassword(text), shown)
})

test('a long text without an address is looked through quickly', () => {
  const text = 'a'.repeat(100_000)
  assert.equal(withoutPassword(`${text}://${text}:${text}`), `${text}://${text}:${text}`)
})
