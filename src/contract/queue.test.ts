import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import { binary, text } from './plain-codecs.ts'
import { queue } from './queue.ts'

const refused = (make: () => unknown, code: string, text: RegExp) =>
  assert.throws(
    make,
    (error) => error instanceof HomingError && error.code === code && text.test(error.message),
  )

test('a contract without options has defaults, carries JSON and leaves the queue as it is', () => {
  const contract = queue('plain')
  assert.equal(contract.name, 'plain')
  assert.equal(contract.withinMs, limits.withinMsDefault)
  assert.equal(contract.timeoutMs, limits.timeoutMsDefault)
  assert.equal(contract.attempts, limits.attemptsDefault)
  assert.equal(contract.inputCodec.contentType, 'application/json')
  assert.equal(contract.settings, undefined)
  assert.ok(Object.isFrozen(contract))
})

test('durations of a contract are read as texts or milliseconds', () => {
  const contract = queue('q', { within: '30s', timeout: 1500 })
  assert.equal(contract.withinMs, 30_000)
  assert.equal(contract.timeoutMs, 1500)
})

test('schemas of zod, valibot and arktype are accepted', () => {
  queue('q', { input: z.string(), output: v.string(), errors: { Bad: type('string') } })
})

test('limits of the queue are handed to the engine', () => {
  const { settings } = queue('q', {
    depthMax: 9,
    overflow: 'drop-head',
    ttl: '1m',
    rate: { count: 10, per: '1s' },
    concurrency: 4,
    perKey: { rate: { count: 1, per: 50 }, concurrency: 1 },
  })
  assert.deepEqual(settings, {
    depthMax: 9,
    overflow: 'drop-head',
    messageTtlMs: 60_000,
    rate: { count: 10, perMs: 1000 },
    concurrencyMax: 4,
    perKey: { rate: { count: 1, perMs: 50 }, concurrencyMax: 1 },
  })
  assert.deepEqual(queue('q', { depthMax: Number.POSITIVE_INFINITY }).settings, {
    depthMax: Number.POSITIVE_INFINITY,
  })
})

test('one codec serves both ways, or each has its own', () => {
  assert.equal(queue('q', { codec: text }).outputCodec, text)
  const mixed = queue('q', { codec: { input: binary } })
  assert.equal(mixed.inputCodec, binary)
  assert.equal(mixed.outputCodec.contentType, 'application/json')
})

test('a backoff that is no function travels with the messages', () => {
  assert.deepEqual(queue('q', { retry: { backoff: '2s' } }).backoffMeta, {
    backoff: { baseMs: 2000, factor: 1, maxMs: 2000, jitter: false },
  })
  assert.equal(queue('q', { retry: { backoff: () => 5 } }).backoffMeta, undefined)
  assert.equal(queue('q', { retry: { attempts: 2 } }).backoffMeta, undefined)
})

test('a queue name that is empty, too long or has control characters is refused', () => {
  refused(() => queue(''), 'bad-name', /the queue name is empty/)
  refused(() => queue('x'.repeat(256)), 'bad-name', /256 bytes/)
  refused(() => queue('a\u0000b'), 'bad-name', /control character/)
})

test('an unknown option of a contract is refused and the nearest known one is named', () => {
  refused(() => queue('q', { retries: 3 } as object), 'unknown-option', /did you mean "retry"/)
  const inner = { retry: { atempts: 3 } } as object
  refused(() => queue('q', inner), 'unknown-option', /did you mean "attempts"/)
  refused(() => queue('q', { rate: { count: 1, every: 1 } } as object), 'unknown-option', /rate of/)
  refused(() => queue('q', { perKey: { depth: 1 } } as object), 'unknown-option', /perKey of/)
  refused(() => queue('q', { codec: { in: text } } as object), 'unknown-option', /codec of/)
})

test('absurd durations, numbers and choices are refused by name', () => {
  refused(
    () => queue('q', { within: '-1s' as '1s' }),
    'bad-duration',
    /within of queue "q" is '-1s'/,
  )
  refused(() => queue('q', { within: 0 }), 'bad-duration', /within of queue "q" is 0/)
  refused(() => queue('q', { timeout: '99999999d' }), 'bad-duration', /ten years/)
  refused(() => queue('q', { timeout: Number.NaN }), 'bad-duration', /NaN/)
  refused(() => queue('q', { retry: { attempts: 0 } }), 'bad-argument', /from 1 to 10000/)
  refused(() => queue('q', { retry: { attempts: 1.5 } }), 'bad-argument', /1\.5/)
  refused(() => queue('q', { priority: 256 }), 'bad-argument', /from 0 to 255/)
  refused(() => queue('q', { depthMax: 0 }), 'bad-argument', /depthMax/)
  refused(() => queue('q', { overflow: 'x' as 'reject' }), 'bad-argument', /'drop-head'/)
  refused(() => queue('q', { rate: { count: 1, per: 0 } }), 'bad-duration', /rate\.per/)
  refused(() => queue('q', { concurrency: -1 }), 'bad-argument', /concurrency/)
  const type = { retry: { backoff: { type: 'linear' as 'fixed' } } }
  refused(() => queue('q', type), 'bad-argument', /'exponential'/)
  refused(() => queue('q', { retry: { backoff: { factor: 0.5 } } }), 'bad-argument', /factor/)
})

test('what is no schema, no codec or no options is refused', () => {
  refused(() => queue('q', { input: { a: 1 } as never }), 'bad-argument', /not a Standard Schema/)
  refused(() => queue('q', { output: 'text' as never }), 'bad-argument', /output of queue "q"/)
  const codec = { contentType: 'x/y' } as never
  refused(() => queue('q', { codec }), 'bad-argument', /no encode and decode/)
  refused(() => queue('q', 'options' as never), 'bad-argument', /give an object/)
})

test('a declared error may not take a name that Homing gives a meaning', () => {
  for (const name of ['ok', 'thrown', 'lost', 'timeout', 'unknown']) {
    refused(() => queue('q', { errors: { [name]: z.string() } } as never), 'bad-name', /of its own/)
  }
  refused(() => queue('q', { errors: { '': z.string() } }), 'bad-name', /error name/)
  assert.ok(queue('q', { errors: { constructor: z.string() } }).errors.has('constructor'))
})
