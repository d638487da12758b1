import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { replyAddress, userOfAddress } from './reply-address.ts'

const making = { secret: randomBytes(32), virtualHost: '/' }
const random = randomBytes(12)

test('an address tells whose reply it is to whoever has the secret, in its virtual host', () => {
  for (const user of ['ann', 'ann@example.org', 'Ärger', 'a'.repeat(144)]) {
    const address = replyAddress(making, user, random)
    assert.ok(Buffer.byteLength(address) <= 255)
    assert.equal(userOfAddress(making, address), user)
    assert.equal(userOfAddress({ ...making, virtualHost: 'shop' }, address), undefined)
    assert.equal(userOfAddress({ ...making, secret: randomBytes(32) }, address), undefined)
  }
})

test('an address for a user whose name does not fit has no name in it', () => {
  const address = replyAddress(making, 'a'.repeat(145), random)
  assert.ok(Buffer.byteLength(address) <= 255)
  assert.equal(userOfAddress(making, address), undefined)
})

test('an address in which one character is another is nobody’s', () => {
  const address = replyAddress(making, 'ann', random)
  const from = 'amq.rabbitmq.reply-to.'.length
  // The last character of a part of 16 bytes holds bits that stand for nothing.
  for (let at = from; at < address.length - 1; at++) {
    const other = address[at] === 'A' ? 'B' : 'A'
    const altered = `${address.slice(0, at)}${other}${address.slice(at + 1)}`
    assert.equal(userOfAddress(making, altered), undefined, altered)
  }
  for (const cut of ['', '.', '..', 'x', `${address.slice(from)}.x`])
    assert.equal(userOfAddress(making, `amq.rabbitmq.reply-to.${cut}`), undefined)
})
