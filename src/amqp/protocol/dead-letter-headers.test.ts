import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HeaderTable, HeaderValue } from '../../embedded/routing/header-value.ts'
import { type Death, deadLetteredProperties, deathCycle } from './dead-letter-headers.ts'
import { decodeHeaders, decodeProperties, encodeProperties, headerOf } from './properties.ts'

const death: Death = {
  queue: 'orders',
  reason: 'expired',
  exchange: 'shop',
  routingKeys: ['order.new', 'audit'],
  timeSeconds: 1_700_000_000,
  dropCC: false,
}

type Properties = Uint8Array
const died = (properties: Properties, ...changes: readonly Partial<Death>[]): Properties =>
  changes.reduce(
    (before, change) => deadLetteredProperties(before, { ...death, ...change }),
    properties,
  )

const history = (properties: Properties) =>
  (headerOf(properties, 'x-death') as readonly HeaderTable[]).map((entry) => {
    return `${entry.get('queue')} ${entry.get('reason')} ${entry.get('count')}`
  })

const plain = encodeProperties({})
const withHeader = (name: string, value: HeaderValue) =>
  encodeProperties({ headers: new Map([[name, value]]) })

test('the first death gives the copy its history', () => {
  const copy = deadLetteredProperties(encodeProperties({ expiration: '500', priority: 3 }), death)
  const entry = new Map<string, HeaderValue>([
    ['count', 1],
    ['exchange', 'shop'],
    ['original-expiration', '500'],
    ['queue', 'orders'],
    ['reason', 'expired'],
    ['routing-keys', ['order.new', 'audit']],
    ['time', 1_700_000_000],
  ])
  const headers = new Map<string, HeaderValue>([
    ['x-first-death-queue', 'orders'],
    ['x-first-death-reason', 'expired'],
    ['x-first-death-exchange', 'shop'],
    ['x-last-death-queue', 'orders'],
    ['x-last-death-reason', 'expired'],
    ['x-last-death-exchange', 'shop'],
    ['x-death', [entry]],
  ])
  assert.deepEqual(decodeProperties(copy), { priority: 3, headers })
})

test('count is a long and time a timestamp on the wire', () => {
  const bytes = deadLetteredProperties(plain, death).toString('latin1')
  assert.ok(bytes.includes(`\x05countl${'\0'.repeat(7)}\x01`))
  assert.ok(bytes.includes('\x04timeT\0\0\0\0\x65\x53\xf1\x00'))
})

test('a death of another queue or reason stands before the older ones', () => {
  const copy = died(plain, {}, { queue: 'retry' }, { queue: 'retry', reason: 'rejected' })
  assert.deepEqual(history(copy), ['retry rejected 1', 'retry expired 1', 'orders expired 1'])
  const headers = decodeHeaders(copy)
  assert.equal(headers.get('x-first-death-queue'), 'orders')
  assert.equal(headers.get('x-first-death-reason'), 'expired')
  assert.equal(headers.get('x-last-death-queue'), 'retry')
  assert.equal(headers.get('x-last-death-reason'), 'rejected')
})

test('a death known already is counted up, moved to the front, and otherwise as it was', () => {
  const once = died(encodeProperties({ expiration: '500' }), {}, { queue: 'retry' })
  const copy = died(once, { timeSeconds: 1_800_000_000, routingKeys: ['other'] })
  assert.deepEqual(history(copy), ['orders expired 2', 'retry expired 1'])
  const [entry] = headerOf(copy, 'x-death') as readonly HeaderTable[]
  assert.equal(entry?.get('time'), 1_700_000_000)
  assert.equal(entry?.get('original-expiration'), '500')
  assert.deepEqual(entry?.get('routing-keys'), ['order.new', 'audit'])
  assert.deepEqual(history(died(copy, {}, {}, {})), ['orders expired 5', 'retry expired 1'])
})

test('CC goes when the dead-letter routing key takes its place, and stays otherwise', () => {
  const properties = withHeader('CC', ['audit'])
  assert.deepEqual(headerOf(died(properties, {}), 'CC'), ['audit'])
  assert.equal(headerOf(died(properties, { dropCC: true }), 'CC'), undefined)
})

test('headers that have nothing to do with it keep their bytes and types', () => {
  // A float, which our own encoding would write as a double.
  const float = '0166' + '663fc00000'
  const properties = Buffer.from(`2000${'00000007'}${float}`, 'hex')
  const copy = deadLetteredProperties(properties, death)
  assert.equal(copy.subarray(6, 13).toString('hex'), float)
})

test('what clients wrote into x-death is kept, and never stops a message from dying', () => {
  const forged = withHeader('x-death', ['text', new Map([['queue', 5]]), new Map()])
  const copy = died(forged, {}, {})
  const [newest, ...others] = headerOf(copy, 'x-death') as readonly HeaderValue[]
  assert.equal((newest as HeaderTable).get('count'), 2)
  assert.deepEqual(others, ['text', new Map([['queue', 5]]), new Map()])
  assert.equal(headerOf(copy, 'x-first-death-queue'), undefined)
  const reset = died(withHeader('x-death', 'text'), {})
  assert.deepEqual(history(reset), ['orders expired 1'])
})

test('entries of one death that an old client left apart are counted together', () => {
  const entry = new Map([
    ['queue', 'orders'],
    ['reason', 'expired'],
  ])
  assert.deepEqual(history(died(withHeader('x-death', [entry, entry]), {})), ['orders expired 3'])
})

test('a count at its end stays there', () => {
  const entry = new Map<string, HeaderValue>([
    ['count', 2n ** 63n - 1n],
    ['queue', 'orders'],
    ['reason', 'expired'],
  ])
  const copy = died(withHeader('x-death', [entry]), {})
  assert.deepEqual(history(copy), ['orders expired 9223372036854775807'])
})

test('a copy that comes to a queue it died in without a rejection goes in a cycle', () => {
  assert.equal(deathCycle(plain, 'orders'), false)
  assert.equal(deathCycle(died(plain, {}), 'orders'), true)
  assert.equal(deathCycle(died(plain, {}), 'retry'), false)
  const round = died(plain, {}, { queue: 'retry', reason: 'maxlen' })
  assert.equal(deathCycle(round, 'orders'), true)
  assert.equal(deathCycle(round, 'retry'), true)
})

test('a rejection since then, or what a client wrote, breaks the cycle', () => {
  const rejected = died(plain, {}, { queue: 'work', reason: 'rejected' })
  assert.equal(deathCycle(rejected, 'orders'), false)
  const before = died(plain, { reason: 'rejected' }, { queue: 'retry' })
  assert.equal(deathCycle(before, 'orders'), false)
  assert.equal(deathCycle(before, 'retry'), true)
  const forged = withHeader('x-death', ['text', new Map([['queue', 'orders']])])
  assert.equal(deathCycle(forged, 'orders'), false)
  assert.equal(deathCycle(withHeader('x-death', 5), 'orders'), false)
})
