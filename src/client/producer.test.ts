import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import { avro } from '../contract/avro-codec.ts'
import { msgpack } from '../contract/msgpack-codec.ts'
import { binary, text } from '../contract/plain-codecs.ts'
import { queue } from '../contract/queue.ts'
import { HomingError } from '../errors.ts'
import { homing } from '../homing.ts'

const withCode =
  (code: string, words = /./) =>
  (error: unknown) =>
    error instanceof HomingError && error.code === code && words.test(error.message)

const double = queue('double', {
  input: z.object({ n: z.number(), times: z.number().default(2) }),
  output: z.number(),
})

test('a call goes there and back, with the defaults of the schema seen by the handler', async () => {
  await using home = await homing('memory:')
  home.consume(double, ({ input }) => input.n * input.times)
  assert.equal(await home.call(double, { n: 21 }), 42)
  assert.equal(await home.call(double, { n: 21, times: 3 }), 63)
})

test('contracts of valibot and arktype go there and back, transforms applied once', async () => {
  await using home = await homing('memory:')
  const input = v.object({ n: v.pipe(v.string(), v.transform(Number)) })
  const byValibot = queue('valibot', { input, output: v.number() })
  home.consume(byValibot, ({ input }) => input.n + 1)
  assert.equal(await home.call(byValibot, { n: '41' }), 42)
  const byArktype = queue('arktype', { input: type({ n: 'string.numeric.parse' }) })
  home.consume(byArktype, ({ input }) => input.n + 1)
  assert.equal(await home.call(byArktype, { n: '41' }), 42)
})

test('a schema that answers with a promise is waited for on both sides', async () => {
  await using home = await homing('memory:')
  const slow = queue('slow', {
    input: z.string().refine(async (word) => word.length < 5),
    output: z.string().transform(async (word) => word.toUpperCase()),
  })
  home.consume(slow, ({ input }) => input)
  assert.equal(await home.call(slow, 'abc'), 'ABC')
  await assert.rejects(home.call(slow, 'too long'), withCode('invalid'))
  await assert.rejects(home.sendMany(slow, ['abc', 'too long']), withCode('invalid', /input 1 for/))
})

test('bodies of every codec go there and back', async () => {
  await using home = await homing('memory:')
  const texts = queue('texts', { codec: text })
  home.consume(texts, ({ input }) => input.toUpperCase())
  assert.equal(await home.call(texts, 'grüße 😀'), 'GRÜSSE 😀')
  const bytes = queue('bytes', { codec: binary })
  home.consume(bytes, ({ input }) => input.toReversed())
  assert.deepEqual(await home.call(bytes, new Uint8Array([1, 2, 255])), new Uint8Array([255, 2, 1]))
  const packed = queue('packed', { codec: msgpack() })
  home.consume(packed, ({ input }) => input)
  assert.deepEqual(await home.call(packed, { at: new Date(5) }), { at: new Date(5) })
  const record = { type: 'record', name: 'R', fields: [{ name: 'celsius', type: 'double' }] }
  const readings = queue('readings', { codec: { input: avro<{ celsius: number }>(record) } })
  home.consume(readings, ({ input }) => input.celsius * 2)
  assert.equal(await home.call(readings, { celsius: 21 }), 42)
})

test('a consumer reads what another codec wrote, by its content type', async () => {
  await using home = await homing('memory:')
  const asBytes = queue('mixed', { codec: binary })
  const asText = queue('mixed', { codec: text })
  const asJson = queue('mixed')
  const consumer = home.consume(asJson, ({ input }) => ({ input }))
  assert.deepEqual(await home.call(queue('mixed', { codec: { input: text } }), 'plain'), {
    input: 'plain',
  })
  await consumer.close()
  // Contracts of texts and bytes get every body as it is.
  const texts = home.consume(asText, ({ input }) => `text ${input}`)
  const sent = await home.send(asJson, { a: 1 }, { id: 'x' })
  assert.equal(await home.receipt(asText, sent.id).result(), 'text {"a":1}')
  await texts.close()
  home.consume(asBytes, ({ input }) => input)
  const echoed = await home.send(asJson, { a: 1 }, { id: 'y' })
  assert.equal(Buffer.from(await home.receipt(asBytes, echoed.id).result()).toString(), '{"a":1}')
})

test('one signal ends the waits of a call of many', async () => {
  await using home = await homing('memory:')
  const abort = new AbortController()
  const call = home.callAll(double, [{ n: 1 }, { n: 2 }], { signal: abort.signal })
  setTimeout(() => abort.abort(), 5)
  await assert.rejects(call, withCode('aborted'))
})

test('no input and no result are undefined at the other end', async () => {
  await using home = await homing('memory:')
  const ping = queue('ping')
  const seen: unknown[] = []
  home.consume(ping, ({ input }) => {
    seen.push(input)
  })
  assert.equal(await home.call(ping, undefined), undefined)
  assert.equal(await home.call(ping, null), undefined)
  assert.deepEqual(seen, [undefined, null])
})

test('an input that does not fit is refused before anything is sent', async () => {
  await using home = await homing('memory:')
  await assert.rejects(
    home.send(double, { n: '1' } as never),
    (error) =>
      error instanceof HomingError &&
      error.code === 'invalid' &&
      /\$\.n: /.test(error.message) &&
      (error.data as { side: string }).side === 'input',
  )
  assert.equal((await home.queues())[0]?.accepted, 0)
})

test('a value that would not come back the same is refused before anything is sent', async () => {
  await using home = await homing('memory:')
  const plain = queue('plain')
  const bad = [10n, Number.NaN, () => 1, { at: new Date() }, 'half \ud800', new Map()]
  for (const value of bad) {
    await assert.rejects(home.send(plain, value), withCode('unserialisable'))
  }
  let deep: unknown = 1
  for (let n = 0; n < 100_000; n++) deep = { deep }
  await assert.rejects(home.send(plain, deep), withCode('unserialisable', /1000 levels/))
  await assert.rejects(
    home.send(plain, 'x'.repeat(17 * 1024 * 1024)),
    withCode('message-too-large', /16777216 are allowed/),
  )
  assert.equal((await home.queues())[0]?.accepted, 0)
})

test('a Date is sent where the schema reads its text back, and refused where it does not', async () => {
  await using home = await homing('memory:')
  const coerced = queue('coerced', { input: z.object({ at: z.coerce.date() }), output: z.number() })
  home.consume(coerced, ({ input }) => input.at.getTime())
  assert.equal(await home.call(coerced, { at: new Date(5) }), 5)
  const strict = queue('strict', { input: z.object({ at: z.date() }) })
  await assert.rejects(
    home.send(strict, { at: new Date(5) }),
    withCode('unserialisable', /a Date at \$\.at .*z\.coerce\.date/),
  )
})

test('a send resolves with a receipt, which is not thenable', async () => {
  await using home = await homing('memory:')
  const receipt = await home.send(double, { n: 1 })
  assert.match(receipt.id, /^[0-9a-f-]{36}$/)
  assert.equal(receipt.duplicate, false)
  assert.ok(receipt.confirmedAt instanceof Date)
  assert.equal('then' in receipt, false)
})

test('the same id sent again is the same message, with the same outcome', async () => {
  await using home = await homing('memory:')
  let worked = 0
  const [a, b] = await Promise.all([
    home.send(double, { n: 1 }, { id: 'one' }),
    home.send(double, { n: 2 }, { id: 'one' }),
  ])
  assert.deepEqual([a.duplicate, b.duplicate], [false, true])
  home.consume(double, ({ input }) => {
    worked++
    return input.n * 2
  })
  assert.equal(await home.call(double, { n: 3 }, { id: 'one' }), 2)
  assert.equal((await home.send(double, { n: 4 }, { id: 'one' })).duplicate, true)
  assert.deepEqual([await a.result(), await b.result()], [2, 2])
  assert.equal(worked, 1)
})

test('sendMany is one confirm, in order, all or none', async () => {
  await using home = await homing('memory:')
  const inputs = [{ n: 1 }, { n: 2 }, { n: 3 }]
  const receipts = await home.sendMany(double, inputs, { ids: ['a', 'b', 'c'], priority: 3 })
  assert.deepEqual(
    receipts.map((receipt) => receipt.id),
    ['a', 'b', 'c'],
  )
  assert.deepEqual(await home.sendMany(double, []), [])
  await assert.rejects(
    home.sendMany(double, [{ n: 1 }, {} as never]),
    withCode('invalid', /input 1/),
  )
  await assert.rejects(
    home.sendMany(double, inputs, { ids: ['a'] }),
    withCode('bad-argument', /1 for 3/),
  )
  await assert.rejects(
    home.sendMany(double, 'abc' as never),
    withCode('bad-argument', /give an array/),
  )
  assert.equal((await home.queues())[0]?.ready, 3)
})

test('callAll gives all outcomes in order, failures among them', async () => {
  await using home = await homing('memory:')
  home.consume(
    double,
    ({ input, reject }) => {
      if (input.n === 2) throw reject('no twos')
      return input.n * 2
    },
    { concurrency: 3 },
  )
  const outcomes = await home.callAll(double, [{ n: 1 }, { n: 2 }, { n: 3 }])
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.error.code)),
    [2, 'rejected', 6],
  )
})

test('a call fails with the code and the data of its outcome', async () => {
  await using home = await homing('memory:')
  const picky = queue('picky', { errors: { Odd: z.object({ n: z.number() }) } })
  home.consume(picky, ({ fail }) => {
    throw fail('Odd', { n: 3 })
  })
  await assert.rejects(home.call(picky, 3, { id: 'three' }), (error) => {
    assert.ok(error instanceof HomingError)
    assert.equal(error.code, 'Odd')
    assert.deepEqual(error.data, { n: 3 })
    assert.equal(error.id, 'three')
    assert.match(error.message, /message "three" of queue "picky" ended as Odd after 1 attempt/)
    return true
  })
})

test('a call whose deadline passes without a consumer fails as expired', async () => {
  await using home = await homing('memory:')
  await assert.rejects(home.call(double, { n: 1 }, { within: '30ms' }), (error) => {
    assert.ok(error instanceof HomingError)
    assert.equal(error.code, 'expired')
    assert.ok((error.data as { deadline: unknown }).deadline instanceof Date)
    return true
  })
})

test('an aborted call stops waiting; the message goes on', async () => {
  await using home = await homing('memory:')
  const abort = new AbortController()
  const call = home.call(double, { n: 1 }, { id: 'goes-on', signal: abort.signal })
  const other = home.call(double, { n: 1 }, { signal: abort.signal })
  setTimeout(() => abort.abort(new Error('user left')), 10)
  await Promise.all([call, other].map((one) => assert.rejects(one, withCode('aborted'))))
  assert.equal((await home.answer('goes-on')).state, 'pending')
  await assert.rejects(
    home.call(double, { n: 2 }, { signal: AbortSignal.abort() }),
    withCode('aborted', /before anything was sent/),
  )
  assert.equal((await home.queues())[0]?.accepted, 2)
})

test('a full queue refuses the send, or ends its oldest message as rejected', async () => {
  await using home = await homing('memory:')
  const small = queue('small', { depthMax: 2 })
  await home.sendMany(small, [1, 2])
  await assert.rejects(home.send(small, 3), withCode('queue-full', /small/))
  await assert.rejects(home.call(small, 3), withCode('queue-full'))
  const dropping = queue('dropping', { depthMax: 2, overflow: 'drop-head' })
  const [first] = await home.sendMany(dropping, [1, 2])
  await home.send(dropping, 3)
  const outcome = await first?.outcome()
  assert.equal(outcome?.ok === false && outcome.error.code, 'rejected')
})

test('what is no contract is refused', async () => {
  await using home = await homing('memory:')
  await assert.rejects(
    home.send('resize' as never, 1 as never),
    withCode('bad-argument', /queue\('name'/),
  )
  assert.throws(() => home.consume(null as never, (() => 1) as never), withCode('bad-argument'))
  assert.throws(() => home.receipt({} as never, 'x'), withCode('bad-argument'))
})
