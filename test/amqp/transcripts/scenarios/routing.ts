import type { PeerChannel } from '../peer-channel.ts'
import { type Scenario, scenario } from '../scenario.ts'
import { typed, type ValueTable } from '../typed-value.ts'

/** Which of these routing keys reach which of these patterns; asked by mandatory returns. */
const topic = (name: string, patterns: readonly string[], keys: readonly string[]): Scenario =>
  scenario(name, async (s) => {
    const ch = await s.channel()
    for (const pattern of patterns) {
      await ch.exchange(`x-${pattern}`, 'topic')
      await ch.declare(`q-${pattern}`)
      await ch.bind(`q-${pattern}`, `x-${pattern}`, pattern)
      s.tell(`${pattern} takes ${(await taken(ch, `x-${pattern}`, keys)).join(' ')}`)
    }
  })

async function taken(ch: PeerChannel, exchange: string, keys: readonly string[]) {
  ch.peer.unrecorded.add('basic.return').add('channel.flow-ok')
  const routed: string[] = []
  for (const routingKey of keys) {
    ch.publish({ exchange, routingKey, mandatory: true, body: routingKey })
    ch.send('channel.flow', { active: true })
    const answer = await ch.peer.take(ch.number, ['basic.return', 'channel.flow-ok'])
    if (answer?.name === 'basic.return') await ch.take('channel.flow-ok')
    else routed.push(`"${routingKey}"`)
  }
  ch.peer.unrecorded.delete('basic.return')
  return routed
}

const headers = (name: string, args: ValueTable, messages: readonly ValueTable[]): Scenario =>
  scenario(name, async (s) => {
    const ch = await s.channel()
    await ch.exchange('x', 'headers')
    await ch.declare('q')
    if ((await ch.bind('q', 'x', '', args)) === undefined) return
    ch.peer.unrecorded.add('basic.return').add('channel.flow-ok')
    const routed: number[] = []
    for (const [at, table] of messages.entries()) {
      ch.publish({ exchange: 'x', mandatory: true, properties: { headers: table } })
      ch.send('channel.flow', { active: true })
      const answer = await ch.peer.take(1, ['basic.return', 'channel.flow-ok'])
      if (answer?.name === 'basic.return') await ch.take('channel.flow-ok')
      else routed.push(at)
    }
    s.tell(`taken: ${routed.join(' ')}`)
  })

const words = [
  'a',
  'b',
  'a.b',
  'b.a',
  'a.b.c',
  'a.c',
  '',
  '.',
  'a.',
  '.a',
  'a..b',
  'a.b.',
  '*',
  '#',
  'a.*',
  'a.#',
]

export const routingScenarios = [
  topic('topic: a pattern without wildcards is equality', ['a.b', '', 'a..b', '.'], words),
  topic(
    'topic: a star stands for exactly one word, which may be empty',
    ['*', '*.*', 'a.*', '*.b', 'a.*.b'],
    words,
  ),
  topic(
    'topic: a hash stands for any number of words, also none',
    ['#', 'a.#', '#.b', 'a.#.b', '#.#', '#.a.#'],
    words,
  ),
  topic('topic: star and hash together', ['*.#', '#.*', '*.#.*', 'a.*.#', '#.*.b'], words),
  topic(
    'topic: wildcards within a word are letters',
    ['a*', '#a', 'a.b*', '**', '##'],
    ['a*', 'ab', '#a', 'xa', 'a.b*', 'a.bc', '**', 'ab', '##', ''],
  ),
  scenario('topic: a queue bound by several patterns gets one copy', async (s) => {
    const ch = await s.channel()
    await ch.exchange('x', 'topic')
    await ch.declare('q')
    for (const pattern of ['#', 'a.*', '*.b', 'a.b']) await ch.bind('q', 'x', pattern)
    ch.publish({ exchange: 'x', routingKey: 'a.b', body: '1' })
    await ch.get('q')
    for (const routingKey of ['#', 'a.*'])
      await ch.call('queue.unbind', { queue: 'q', exchange: 'x', routingKey })
    ch.publish({ exchange: 'x', routingKey: 'a.c', mandatory: true })
    await ch.take('basic.return')
    ch.publish({ exchange: 'x', routingKey: 'c.b', body: '2' })
    await ch.get('q')
  }),
  scenario('fanout: routing keys do not matter', async (s) => {
    const ch = await s.channel()
    for (const queue of ['q', 'r']) await ch.declare(queue)
    await ch.bind('q', 'amq.fanout', 'a')
    await ch.bind('q', 'amq.fanout', 'b')
    await ch.bind('r', 'amq.fanout')
    ch.publish({ exchange: 'amq.fanout', routingKey: 'c', body: '1' })
    await ch.get('q')
    await ch.get('r')
    await ch.get('q')
  }),
  scenario('direct: the routing key is compared octet by octet', async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    await ch.bind('q', 'amq.direct', 'Key')
    await ch.bind('q', 'amq.direct', '')
    s.tell((await taken(ch, 'amq.direct', ['Key', 'key', 'Key ', '', 'Ke'])).join(' '))
  }),

  headers('headers: all must match by default', { a: 1, b: 'two' }, [
    { a: 1, b: 'two' },
    { a: 1, b: 'two', c: 3 },
    { a: 1 },
    { b: 'two' },
    {},
    { a: 2, b: 'two' },
  ]),
  headers('headers: x-match all', { 'x-match': 'all', a: 1, b: 'two' }, [
    { a: 1, b: 'two' },
    { a: 1, b: 'two', c: 3 },
    { a: 1 },
    {},
  ]),
  headers('headers: x-match any', { 'x-match': 'any', a: 1, b: 'two' }, [
    { a: 1 },
    { b: 'two' },
    { a: 2, b: 'two' },
    { a: 2 },
    {},
    { c: 1 },
  ]),
  headers('headers: a void value asks for presence only', { 'x-match': 'all', a: null, b: 1 }, [
    { a: 'anything', b: 1 },
    { a: null, b: 1 },
    { b: 1 },
    { a: 5, b: 2 },
  ]),
  headers('headers: x- headers are not looked at', { 'x-match': 'all', 'x-colour': 'red', a: 1 }, [
    { a: 1 },
    { a: 1, 'x-colour': 'blue' },
    { 'x-colour': 'red' },
  ]),
  headers(
    'headers: all-with-x looks at x- headers',
    { 'x-match': 'all-with-x', 'x-colour': 'red', a: 1 },
    [{ a: 1 }, { a: 1, 'x-colour': 'red' }, { a: 1, 'x-colour': 'blue' }],
  ),
  headers(
    'headers: any-with-x looks at x- headers',
    { 'x-match': 'any-with-x', 'x-colour': 'red', a: 1 },
    [{ 'x-colour': 'red' }, { a: 1 }, { 'x-colour': 'blue' }, {}],
  ),
  headers('headers: a binding without arguments takes all', {}, [{}, { a: 1 }]),
  headers('headers: any of nothing takes none', { 'x-match': 'any' }, [{}, { a: 1 }]),
  headers('headers: an unknown x-match is refused', { 'x-match': 'some', a: 1 }, [{ a: 1 }]),
  headers('headers: an x-match that is no string is refused', { 'x-match': 5, a: 1 }, [{ a: 1 }]),
  headers('headers: numbers of several widths, text and truth', { 'x-match': 'all', a: 1 }, [
    { a: typed('l', 1) },
    { a: typed('b', 1) },
    { a: typed('s', 1) },
    { a: typed('d', 1) },
    { a: '1' },
    { a: true },
  ]),
  headers(
    'headers: nested tables and arrays are compared by value',
    { 'x-match': 'all', a: { b: [1, 2] } },
    [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, { a: { b: [1, 2], c: 1 } }],
  ),
  headers(
    'headers: a header named twice in other letters is another',
    { 'x-match': 'all', Colour: 'red' },
    [{ Colour: 'red' }, { colour: 'red' }, { Colour: 'Red' }],
  ),
  scenario('headers: a message without headers', async (s) => {
    const ch = await s.channel()
    await ch.exchange('x', 'headers')
    await ch.declare('q')
    await ch.bind('q', 'x', '', { a: 1 })
    ch.publish({ exchange: 'x', mandatory: true, body: '1' })
    await ch.take('basic.return')
    await ch.bind('q', 'x', '', {})
    ch.publish({ exchange: 'x', mandatory: true, body: '2' })
    await ch.get('q')
  }),
]
