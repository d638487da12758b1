import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HomingError } from '../../errors.ts'
import { readAmqpUrl, shownAddress } from './amqp-url.ts'

test('a URL of a broker is read by the AMQP URI specification, with its defaults', () => {
  const plain = readAmqpUrl('amqp://h')
  assert.deepEqual(plain.addresses, [{ tls: false, host: 'h', port: 5672 }])
  assert.deepEqual(
    [plain.user, plain.password, plain.virtualHost, plain.heartbeat],
    [undefined, undefined, '/', undefined],
  )
  assert.equal(readAmqpUrl('amqp://').addresses[0]?.host, 'localhost')
  assert.equal(readAmqpUrl('amqps://h').addresses[0]?.port, 5671)
  assert.equal(readAmqpUrl('AMQP://h:1/').virtualHost, '/')
  assert.equal(readAmqpUrl('amqp://h/shop').virtualHost, 'shop')
  const full = readAmqpUrl('amqp://a%3Ab:p%40%2Fw%25@h:99/v%2Fh?heartbeat=7&connection_timeout=900')
  assert.deepEqual(
    [full.user, full.password, full.virtualHost, full.heartbeat, full.connectTimeoutMs],
    ['a:b', 'p@/w%', 'v/h', 7, 900],
  )
})

test('a URL of a broker may name several hosts, addresses in brackets, and a socket', () => {
  const { addresses } = readAmqpUrl('amqp://u:p@one,two:7,[::1]:8,[fe80::1]/v')
  assert.deepEqual(addresses.map(shownAddress), [
    'amqp://one:5672',
    'amqp://two:7',
    'amqp://[::1]:8',
    'amqp://[fe80::1]:5672',
  ])
  const socket = readAmqpUrl('amqp+unix:///run/my%20broker.sock?vhost=shop')
  assert.deepEqual(
    [socket.addresses.map(shownAddress), socket.virtualHost],
    [['amqp+unix:///run/my broker.sock'], 'shop'],
  )
})

test('a URL that cannot be read is refused, and neither its password nor itself is shown', () => {
  const refused: readonly [string, RegExp, string?][] = [
    ['http://u:secret@h', /of the form/],
    ['amqp:u:secret@h', /of the form/],
    ['amqp://u:secret@h:0', /port 0/],
    ['amqp://u:secret@h:70000', /port 70000/],
    ['amqp://u:secret@h:x', /host in it/],
    ['amqp://u:secret%@h', /the password/],
    ['amqp://u:secret@h/a/b', /%2F/],
    ['amqp://u:secret@h/%zz', /virtual host/],
    ['amqp://u:secret@h?vhost=x', /in the path/],
    ['amqp://u:secret@h?heartbeat=0', /heartbeat/],
    ['amqp://u:secret@h?heartbeat=ten', /heartbeat/],
    ['amqp://u:secret@h?frameMax=1', /frameMax/, 'unknown-option'],
    ['amqp+unix://h/x?vhost=secret', /socket has no host/],
    ['amqp+unix:///', /names no socket/],
  ]
  for (const [url, words, code = 'bad-argument'] of refused) {
    assert.throws(
      () => readAmqpUrl(url),
      (error: unknown) =>
        error instanceof HomingError &&
        error.code === code &&
        words.test(error.message) &&
        !error.message.includes('secret'),
      url,
    )
  }
})
