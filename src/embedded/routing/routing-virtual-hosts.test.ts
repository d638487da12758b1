import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HomingError } from '../../errors.ts'
import { scopedName } from '../../scoped-name.ts'
import type { HeaderValue } from './header-value.ts'
import { Routing } from './routing.ts'

const queue = (name: string) => ({ kind: 'queue', name }) as const
const table = (entries: Readonly<Record<string, HeaderValue>>) => new Map(Object.entries(entries))
const shop = (name: string) => scopedName('shop', name)

test('the exchanges of AMQP are in every virtual host, and bindings of one do not reach another', () => {
  const routing = new Routing()
  routing.bind(shop('amq.topic'), queue(shop('q')), { routingKey: '#' })
  assert.deepEqual(routing.route(shop('amq.topic'), 'k'), [shop('q')])
  assert.deepEqual(routing.route('amq.topic', 'k'), [])
  assert.deepEqual(routing.route(scopedName('other', 'amq.topic'), 'k'), [])
  assert.throws(() => routing.deleteExchange(shop('amq.topic')), /predeclared/)
  assert.throws(() => routing.bind(shop(''), queue(shop('q'))), /default exchange/)
  assert.equal(routing.exchange(shop('amq.rabbitmq.trace'))?.internal, true)
})

test('the default exchange of a virtual host leads to the queues of that virtual host', () => {
  const routing = new Routing()
  assert.deepEqual(routing.route(shop(''), 'orders'), [shop('orders')])
  routing.declareExchange(shop('strict'), { type: 'direct', alternate: shop('') })
  assert.deepEqual(routing.route(shop('strict'), 'orders'), [shop('orders')])
})

test('what is bound in a virtual host is in the snapshot, its predeclared exchanges are not', () => {
  const routing = new Routing()
  routing.bind(shop('amq.fanout'), queue(shop('q')))
  const snapshot = routing.snapshot()
  assert.deepEqual(snapshot.exchanges, [])
  const again = Routing.restore(snapshot)
  assert.deepEqual(again.route(shop('amq.fanout'), ''), [shop('q')])
})

test('the exchanges of one virtual host are listed, also before any was used', () => {
  const routing = new Routing()
  routing.declareExchange(shop('events'), { type: 'topic' })
  routing.declareExchange('elsewhere', { type: 'topic' })
  const names = routing.exchangesOf('shop').map(({ name }) => name)
  assert.equal(names.length, 8)
  assert.ok(names.includes(shop('events')) && names.includes(shop('')))
  routing.deleteExchange(shop('events'))
  routing.forgetVirtualHost('shop')
  assert.equal(routing.exchanges().filter(({ name }) => name.startsWith('shop')).length, 0)
})

test('an exchange of delayed messages matches as its x-delayed-type says', () => {
  const routing = new Routing()
  const args = table({ 'x-delayed-type': 'topic' })
  routing.declareExchange('later', { type: 'x-delayed-message', args })
  routing.bind('later', queue('q'), { routingKey: 'a.*' })
  assert.deepEqual(routing.route('later', 'a.b'), ['q'])
  assert.deepEqual(Routing.restore(routing.snapshot()).route('later', 'a.b'), ['q'])
  for (const wrong of ['x-delayed-message', 'nothing', 7, undefined]) {
    const wrongArgs = wrong === undefined ? table({}) : table({ 'x-delayed-type': wrong })
    assert.throws(
      () => routing.declareExchange('x', { type: 'x-delayed-message', args: wrongArgs }),
      (error) => error instanceof HomingError && /x-delayed-type/.test(error.message),
    )
  }
  assert.equal(routing.exchange('x'), undefined)
})

test('an alternate exchange can be given and taken later on, and every change has its version', () => {
  const routing = new Routing()
  routing.declareExchange('orders', { type: 'direct' })
  routing.bind('amq.fanout', queue('rest'))
  assert.deepEqual(routing.route('orders', 'k'), [])
  const { version } = routing
  routing.setAlternate('orders', 'amq.fanout')
  assert.notEqual(routing.version, version)
  assert.deepEqual(routing.route('orders', 'k'), ['rest'])
  assert.deepEqual(Routing.restore(routing.snapshot()).exchange('orders')?.alternate, undefined)
  assert.equal(routing.declareExchange('orders', { type: 'direct' }), false)
  routing.setAlternate('orders', undefined)
  assert.deepEqual(routing.route('orders', 'k'), [])
})
