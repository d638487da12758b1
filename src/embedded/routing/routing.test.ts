import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HomingError } from '../../errors.ts'
import type { HeaderValue } from './header-value.ts'
import { Routing } from './routing.ts'

const queue = (name: string) => ({ kind: 'queue', name }) as const
const exchange = (name: string) => ({ kind: 'exchange', name }) as const
const table = (entries: Readonly<Record<string, HeaderValue>>) => new Map(Object.entries(entries))
const routed = (routing: Routing, ...to: Parameters<Routing['route']>): readonly string[] =>
  [...routing.route(...to)].sort()

function refused(run: () => unknown, code: string, text: RegExp): void {
  assert.throws(
    run,
    (error) => error instanceof HomingError && error.code === code && text.test(error.message),
  )
}

test('the default exchange leads to the queue that is named by the routing key', () => {
  assert.deepEqual(new Routing().route('', 'resize'), ['resize'])
})

test('the exchanges of AMQP are there from the start, and stay', () => {
  const routing = new Routing()
  for (const name of ['', 'amq.direct', 'amq.fanout', 'amq.topic', 'amq.headers', 'amq.match']) {
    assert.equal(routing.exchange(name)?.durable, true)
    refused(() => routing.deleteExchange(name), 'bad-argument', /predeclared/)
  }
  assert.equal(routing.declareExchange('amq.topic', { type: 'topic' }), false)
  refused(() => routing.declareExchange('', { type: 'direct' }), 'bad-argument', /default/)
  refused(() => routing.bind('', queue('q')), 'bad-argument', /default/)
  refused(() => routing.unbind('', queue('q')), 'bad-argument', /default/)
  refused(() => routing.bind('amq.topic', exchange('')), 'bad-argument', /default/)
})

test('a direct exchange compares keys, a fanout exchange nothing', () => {
  const routing = new Routing()
  routing.bind('amq.direct', queue('a'), { routingKey: 'x' })
  routing.bind('amq.direct', queue('b'), { routingKey: 'x' })
  routing.bind('amq.direct', queue('c'), { routingKey: 'x.*' })
  assert.deepEqual(routed(routing, 'amq.direct', 'x'), ['a', 'b'])
  assert.deepEqual(routed(routing, 'amq.direct', 'x.y'), [])
  routing.bind('amq.fanout', queue('a'), { routingKey: 'x' })
  assert.deepEqual(routed(routing, 'amq.fanout', 'anything'), ['a'])
})

test('a queue that is bound several times gets one copy', () => {
  const routing = new Routing()
  for (const routingKey of ['#', 'a.*', 'a.b'])
    routing.bind('amq.topic', queue('q'), { routingKey })
  assert.deepEqual(routing.route('amq.topic', 'a.b'), ['q'])
})

test('binding again changes nothing, other arguments make another binding', () => {
  const routing = new Routing()
  const on = { routingKey: 'k', args: table({ a: 1, b: 'x' }) }
  assert.equal(routing.bind('amq.direct', queue('q'), on), true)
  assert.equal(
    routing.bind('amq.direct', queue('q'), { routingKey: 'k', args: table({ b: 'x', a: 1 }) }),
    false,
  )
  assert.equal(routing.bind('amq.direct', queue('q'), { routingKey: 'k' }), true)
  assert.equal(routing.bindingsFrom('amq.direct').length, 2)
  assert.equal(routing.unbind('amq.direct', queue('q'), { routingKey: 'k' }).removed.length, 1)
  assert.deepEqual(routing.route('amq.direct', 'k'), ['q'])
  const other = { routingKey: 'k', args: table({ a: 2, b: 'x' }) }
  assert.equal(routing.unbind('amq.direct', queue('q'), other).removed.length, 0)
  assert.equal(routing.unbind('amq.direct', queue('q'), on).removed.length, 1)
  assert.deepEqual(routing.route('amq.direct', 'k'), [])
})

test('headers: all and any, with and without the names that begin with x-', () => {
  const cases: readonly (readonly [string | undefined, Record<string, HeaderValue>, boolean])[] = [
    [undefined, { a: 1, b: 'x' }, true],
    [undefined, { a: 1 }, false],
    ['all', { a: 1, b: 'x', c: 9, 'x-z': 0 }, true],
    ['any', { a: 1 }, true],
    ['any', { b: 'x', a: 2 }, true],
    ['any', { 'x-z': 5 }, false],
    ['all-with-x', { a: 1, b: 'x' }, false],
    ['all-with-x', { a: 1, b: 'x', 'x-z': 5 }, true],
    ['any-with-x', { 'x-z': 5 }, true],
    ['any-with-x', { 'x-match': 'any-with-x' }, false],
  ]
  for (const [match, headers, expected] of cases) {
    const routing = new Routing()
    const args = table({ a: 1, b: 'x', 'x-z': 5, ...(match && { 'x-match': match }) })
    routing.bind('amq.headers', queue('q'), { args })
    const found = routing.route('amq.headers', '', table(headers)).length === 1
    assert.equal(found, expected, `${match} for ${JSON.stringify(headers)}`)
  }
})

test('headers: a void argument asks for presence, nothing to compare matches all or none', () => {
  const routing = new Routing()
  routing.bind('amq.match', queue('present'), { args: table({ a: null }) })
  routing.bind('amq.match', queue('all'), { args: table({ 'x-match': 'all', 'x-own': 1 }) })
  routing.bind('amq.match', queue('any'), { args: table({ 'x-match': 'any' }) })
  assert.deepEqual(routed(routing, 'amq.match', 'k', table({ a: 'whatever' })), ['all', 'present'])
  assert.deepEqual(routed(routing, 'amq.match', 'k', table({ a: null })), ['all', 'present'])
  assert.deepEqual(routed(routing, 'amq.match', 'k'), ['all'])
})

test('headers: an x-match that is not known is refused and binds nothing', () => {
  const routing = new Routing()
  const args = table({ 'x-match': 'some' })
  refused(() => routing.bind('amq.headers', queue('q'), { args }), 'bad-argument', /x-match some/)
  assert.deepEqual(routing.bindingsFrom('amq.headers'), [])
  assert.deepEqual(routing.bindingsTo('queue', 'q'), [])
})

test('exchanges bound to exchanges pass messages on, and circles end', () => {
  const routing = new Routing()
  for (const name of ['a', 'b', 'c']) routing.declareExchange(name, { type: 'fanout' })
  routing.bind('a', exchange('b'))
  routing.bind('b', exchange('c'))
  routing.bind('c', exchange('a'))
  routing.bind('c', exchange('c'))
  routing.bind('a', queue('qa'))
  routing.bind('c', queue('qc'))
  for (const from of ['a', 'b', 'c']) assert.deepEqual(routed(routing, from, 'k'), ['qa', 'qc'])
})

test('headers decide behind another exchange too, message by message', () => {
  const routing = new Routing()
  routing.bind('amq.topic', exchange('amq.headers'), { routingKey: '#' })
  routing.bind('amq.headers', queue('red'), { args: table({ color: 'red' }) })
  assert.deepEqual(routing.route('amq.topic', 'k', table({ color: 'red' })), ['red'])
  assert.deepEqual(routing.route('amq.topic', 'k', table({ color: 'blue' })), [])
  assert.deepEqual(routing.route('amq.topic', 'k', table({ color: 'red' })), ['red'])
})

test('what no binding matches goes to the alternate exchange, and circles of these end', () => {
  const routing = new Routing()
  routing.declareExchange('orders', { type: 'direct', alternate: 'rest' })
  routing.bind('orders', queue('paid'), { routingKey: 'paid' })
  assert.deepEqual(routing.route('orders', 'lost'), [])
  routing.declareExchange('rest', { type: 'topic', alternate: 'orders' })
  assert.deepEqual(routing.route('orders', 'lost'), [])
  routing.bind('rest', queue('leftover'), { routingKey: '#' })
  assert.deepEqual(routing.route('orders', 'lost'), ['leftover'])
  assert.deepEqual(routing.route('orders', 'paid'), ['paid'])
})

test('an unknown exchange is named, an unbinding or deletion of what is absent does nothing', () => {
  const routing = new Routing()
  refused(() => routing.route('none', 'k'), 'exchange-unknown', /"none"/)
  refused(() => routing.bind('none', queue('q')), 'exchange-unknown', /"none"/)
  refused(() => routing.bind('amq.topic', exchange('none')), 'exchange-unknown', /"none"/)
  const nothing = { removed: [], unused: [] }
  assert.deepEqual(routing.unbind('none', queue('q')), nothing)
  assert.deepEqual(routing.unbind('amq.topic', queue('q')), nothing)
  assert.deepEqual(routing.deleteExchange('none'), nothing)
  assert.deepEqual(routing.removeQueue('none'), nothing)
})

test('an exchange declared again with another setting is refused by that setting', () => {
  const settings = { type: 'topic', durable: false, autoDelete: true, internal: true } as const
  const routing = new Routing()
  assert.equal(routing.declareExchange('e', settings), true)
  assert.equal(routing.declareExchange('e', { ...settings, args: table({ odd: 1 }) }), false)
  refused(
    () => routing.declareExchange('e', { ...settings, type: 'direct' }),
    'exchange-conflict',
    /"e" exists with type 'topic' and is declared with 'direct'/,
  )
  const conflict = (change: object, text: RegExp) =>
    refused(
      () => routing.declareExchange('e', { ...settings, ...change }),
      'exchange-conflict',
      text,
    )
  conflict({ durable: true }, /durable 'false'/)
  conflict({ autoDelete: false }, /autoDelete 'true'/)
  conflict({ internal: false }, /internal 'true'/)
  conflict({ alternate: 'x' }, /alternate none and is declared with 'x'/)
  try {
    routing.declareExchange('e', { ...settings, type: 'direct' })
  } catch (error) {
    const expected = { setting: 'type', current: 'topic', received: 'direct' }
    assert.deepEqual((error as HomingError).data, expected)
  }
})

test('an exchange of an unknown type or with a bad name is refused', () => {
  const routing = new Routing()
  const odd = { type: 'odd' as 'topic' }
  refused(() => routing.declareExchange('e', odd), 'bad-argument', /type 'odd'; known are direct/)
  refused(() => routing.declareExchange('a\nb', { type: 'topic' }), 'bad-name', /control/)
  refused(() => routing.declareExchange('e'.repeat(256), { type: 'topic' }), 'bad-name', /256/)
})

test('names like those of every object are names like any other', () => {
  const routing = new Routing()
  for (const name of ['__proto__', 'constructor', 'toString']) {
    refused(() => routing.route(name, name), 'exchange-unknown', /no exchange/)
    routing.declareExchange(name, { type: 'direct' })
    routing.bind(name, queue(name), { routingKey: name })
    assert.deepEqual(routing.route(name, name), [name])
  }
})

test('a removed queue gets nothing more', () => {
  const routing = new Routing()
  routing.bind('amq.topic', queue('q'), { routingKey: 'a.#' })
  routing.bind('amq.direct', queue('q'), { routingKey: 'a' })
  routing.bind('amq.topic', queue('other'), { routingKey: '#' })
  assert.deepEqual(routed(routing, 'amq.topic', 'a.b'), ['other', 'q'])
  assert.equal(routing.removeQueue('q').removed.length, 2)
  assert.deepEqual(routing.route('amq.topic', 'a.b'), ['other'])
  assert.deepEqual(routing.route('amq.direct', 'a'), [])
})

test('an auto-delete exchange is unused once its last binding goes, never before its first', () => {
  const routing = new Routing()
  const autoDelete = { type: 'fanout', autoDelete: true } as const
  for (const name of ['first', 'second']) routing.declareExchange(name, autoDelete)
  routing.bind('first', exchange('second'))
  routing.bind('second', queue('q'))
  routing.bind('second', queue('r'))
  assert.deepEqual(routing.unbind('second', queue('r')).unused, [])
  assert.deepEqual(routing.removeQueue('q').unused, ['second'])
  assert.ok(routing.exchange('second'))
  assert.deepEqual(routing.deleteExchange('second').unused, ['first'])
  assert.deepEqual(routing.deleteExchange('first').unused, [])
})

test('a deleted exchange takes the bindings from and to it along', () => {
  const routing = new Routing()
  routing.declareExchange('e', { type: 'fanout' })
  routing.bind('amq.fanout', exchange('e'))
  routing.bind('e', exchange('e'))
  routing.bind('e', queue('q'))
  assert.deepEqual(routing.route('amq.fanout', ''), ['q'])
  assert.equal(routing.deleteExchange('e').removed.length, 3)
  assert.deepEqual(routing.route('amq.fanout', ''), [])
  routing.declareExchange('e', { type: 'direct' })
  assert.deepEqual(routing.bindingsFrom('e'), [])
  assert.deepEqual(routing.bindingsTo('exchange', 'e'), [])
})

test('a routing restored from its snapshot has every setting and argument', () => {
  const routing = new Routing()
  const args = table({ 'x-n': 2n ** 60n, bytes: new Uint8Array([0, 255]), list: [null, true] })
  routing.declareExchange('e', { type: 'headers', internal: true, alternate: 'amq.fanout', args })
  routing.bind('e', queue('q'), { routingKey: 'k', args })
  routing.bind('amq.topic', exchange('e'), { routingKey: 'a.#' })
  const snapshot = JSON.parse(JSON.stringify(routing.snapshot()))
  const restored = Routing.restore(snapshot)
  assert.deepEqual(restored.snapshot(), routing.snapshot())
  assert.deepEqual(restored.exchange('e')?.internal, true)
  const match = table({ bytes: new Uint8Array([0, 255]), list: [null, true] })
  assert.deepEqual(restored.route('amq.topic', 'a', match), ['q'])
  assert.equal(restored.unbind('e', queue('q'), { routingKey: 'k', args }).removed.length, 1)
})

test('a stream of keys that never come again is routed right beyond what is remembered', () => {
  const routing = new Routing()
  routing.bind('amq.topic', queue('even'), { routingKey: '*.0' })
  for (let n = 0; n < 50_000; n++)
    assert.equal(routing.route('amq.topic', `${n}.${n % 2}`).length, 1 - (n % 2))
})
