/*
 * RabbitMQ by the door: homing('amqp://…'), as programs open it.
 */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { z } from 'zod'
import { binary, type Home, type HomingOptions, homing, queue, text } from '../../src/index.ts'
import { limits } from '../../src/limits.ts'
import { lackingRabbitmq, type Rabbitmq, startRabbitmq } from '../amqp/rabbitmq.ts'
import { coded } from './rabbitmq-site.ts'

const messageBytesMax = 1_000_000
const secret = 'very:secret'
const all = { configure: '.*', write: '.*', read: '.*' }
/** Everything of Homing, and one queue. */
const own = '^(homing[.].*|callback:.*|mine|amq[.]default|)$'

const definitions = {
  vhosts: [{ name: '/' }, { name: 'shop' }],
  users: [
    { name: 'guest', password: 'guest', tags: 'administrator' },
    { name: 'ann', password: secret, tags: '' },
  ],
  permissions: [
    { user: 'guest', vhost: '/', ...all },
    { user: 'guest', vhost: 'shop', ...all },
    { user: 'ann', vhost: 'shop', configure: own, write: own, read: own },
  ],
}

const shout = queue('shout', { codec: text, retry: { attempts: 3, backoff: '20ms' } })
const mine = queue('mine', { codec: text })
const theirs = queue('theirs', { codec: text })

const skip = lackingRabbitmq()
let rabbitmq: Rabbitmq
let folder: string
before(async () => {
  if (skip !== false) return
  const config = [`max_message_size = ${messageBytesMax}`]
  rabbitmq = await startRabbitmq({ config, definitions })
  folder = mkdtempSync(join(tmpdir(), 'homing-door-'))
})
after(async () => {
  if (skip !== false) return
  await rabbitmq.stop()
  rmSync(folder, { recursive: true, force: true })
})

const url = (path = '', login = 'guest:guest'): string =>
  `amqp://${login}@127.0.0.1:${rabbitmq.port}${path}`
const asAnn = (path: string): string => url(path, `ann:${encodeURIComponent(secret)}`)
const open = (options: HomingOptions = {}): Promise<Home> =>
  homing(url(), { ledger: join(folder, `${randomUUID()}.sqlite`), ...options })

test('a message goes out and its value comes home', { skip }, async () => {
  await using home = await open()
  home.consume(shout, ({ input, attempt }) => {
    if (attempt === 1) throw new Error('not yet')
    return input.toUpperCase()
  })
  assert.equal(await home.call(shout, 'hello'), 'HELLO')
  const receipt = await home.send(shout, 'again', { id: 'door:1' })
  assert.equal(await receipt.result(), 'AGAIN')
  assert.equal((await home.send(shout, 'other', { id: 'door:1' })).duplicate, true)
})

test('without a ledger it is the same, for what this process sent', { skip }, async () => {
  await using home = await homing(url('/shop'))
  home.consume(shout, ({ input }) => input.toUpperCase())
  const receipt = await home.send(shout, 'hello')
  assert.equal(await receipt.result(), 'HELLO')
  assert.equal((await home.receipt(shout, receipt.id).answer()).state, 'final')
  assert.equal((await home.receipt(shout, 'of-nobody').answer()).state, 'unknown')
})

test('an outcome that came while its producer was away is there under the same name', {
  skip,
}, async () => {
  const ledger = join(folder, 'away.sqlite')
  const away = queue('away', { codec: text })
  const open = (name?: string): Promise<Home> =>
    homing(url(), { ledger, ...(name !== undefined && { name }) })
  const register = (home: Home, told: (what: string) => void) =>
    home.callback(
      'away.done',
      away,
      (outcome, { context }) => told(`${context.n}: ${outcome.ok && outcome.value}`),
      { context: z.object({ n: z.int() }) },
    )
  const first = await open('shop')
  const callback = register(first, () => assert.fail('nobody has worked yet'))
  const { id } = await first.send(away, 'hello', { callback: callback.with({ n: 7 }) })
  await first.close()
  {
    await using worker = await open()
    worker.consume(away, ({ input }) => input.toUpperCase())
    assert.equal(await worker.receipt(away, id).result(), 'HELLO')
  }
  await using second = await open('shop')
  const { promise: told, resolve: tell } = Promise.withResolvers<string>()
  register(second, tell)
  assert.equal(await told, '7: HELLO')
  assert.equal(await second.receipt(away, id).result(), 'HELLO')
})

test('a name without a ledger brings home what came meanwhile', { skip }, async () => {
  const away = queue('away.plain', { codec: text })
  const first = await homing(url(), { name: 'plain' })
  const { id } = await first.send(away, 'hello')
  await first.close()
  const worker = await homing(url())
  const worked = Promise.withResolvers<void>()
  worker.consume(away, ({ input }) => {
    worked.resolve()
    return input.toUpperCase()
  })
  await worked.promise
  // Closing waits for what is being ended.
  await worker.close()
  await using second = await homing(url(), { name: 'plain' })
  const receipt = second.receipt(away, id)
  for (;;) {
    const answer = await receipt.answer()
    if (answer.state === 'final') break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.equal(await receipt.result(), 'HELLO')
})

test('a virtual host that is not there, or not for this user, is named at once', {
  skip,
}, async () => {
  const refused = (virtualHost: string) =>
    coded('access-refused', new RegExp(`"ann".*"${virtualHost}"`), /permissions/)
  await assert.rejects(homing(asAnn('/nowhere')), refused('nowhere'))
  await assert.rejects(homing(asAnn('/%2F')), refused('/'))
})

test('a wrong password is refused at once, and shown to nobody', { skip }, async () => {
  await assert.rejects(homing(url('/shop', 'ann:wrong-one')), (error: Error) => {
    coded('login-refused', /"ann"/)(error)
    const shown = JSON.stringify([error.message, error.stack, String(error.cause)])
    return !shown.includes('wrong-one')
  })
})

test('a queue that the user may not use is named, whoever wants it, and the rest goes on', {
  skip,
}, async () => {
  await using home = await homing(asAnn('/shop'))
  await assert.rejects(home.send(theirs, 'x'), coded('access-refused', /"theirs"/, /permission/))
  const refused = home.consume(theirs, () => 'never')
  await assert.rejects(refused.ready, coded('access-refused', /"theirs"/, /permission/))
  home.consume(mine, ({ input }) => input.toUpperCase())
  assert.equal(await home.call(mine, 'hello'), 'HELLO')
})

test('a message over a limit is refused, by us or by RabbitMQ, and the next one goes out', {
  skip,
}, async () => {
  const blob = queue('blob', { codec: binary })
  await using home = await open()
  home.consume(blob, ({ input }) => Uint8Array.of(input.length % 256))
  await assert.rejects(
    home.send(blob, new Uint8Array(limits.bodyBytesMax + 1)),
    coded('message-too-large', /bytes/),
  )
  await assert.rejects(
    home.send(blob, new Uint8Array(messageBytesMax + 1), { id: 'large' }),
    coded('message-too-large', /max_message_size/),
  )
  assert.deepEqual(await home.call(blob, new Uint8Array(3), { id: 'large' }), Uint8Array.of(3))
})

const grow = queue('grow', { codec: { input: text, output: binary } })

/** A log that keeps its lines. */
function keeping() {
  const lines: string[] = []
  const keep = (_: object, text: string): void => void lines.push(text)
  return { lines, log: { debug: keep, info: keep, warn: keep, error: keep } }
}

test('a result over the limit of RabbitMQ comes home by the ledger, and is worked out once', {
  skip,
}, async () => {
  const { lines, log } = keeping()
  let works = 0
  {
    await using home = await open({ log })
    home.consume(grow, () => new Uint8Array(messageBytesMax + ++works))
    assert.equal((await home.call(grow, 'x')).length, messageBytesMax + 1)
  }
  await using other = await open()
  other.consume(grow, () => Uint8Array.of(++works))
  assert.deepEqual(await other.call(grow, 'y'), Uint8Array.of(2))
  assert.ok(
    lines.some((line) => /from the ledger only.*max_message_size/.test(line)),
    lines.join('\n'),
  )
})

test('without a ledger a result over the limit of RabbitMQ is invalid, once and for all', {
  skip,
}, async () => {
  const large = queue('grow.alone', { codec: { input: text, output: binary } })
  const { lines, log } = keeping()
  let works = 0
  await using worker = await homing(url(), { log })
  worker.consume(large, ({ input }) => {
    works++
    return new Uint8Array(Number(input))
  })
  await using home = await homing(url())
  const receipt = await home.send(large, String(messageBytesMax + 1))
  const outcome = await receipt.outcome()
  assert.ok(!outcome.ok && outcome.error.code === 'invalid')
  assert.equal(outcome.error.data.side, 'output')
  assert.match(outcome.error.data.issues[0]?.message ?? '', /1000001 bytes.*max_message_size/)
  // Stored under its id where it was worked on, too, and settled: nothing of it is left.
  assert.deepEqual(await worker.receipt(large, receipt.id).outcome(), outcome)
  const [dead] = await worker.deadLetters.list({ queue: 'grow.alone' })
  assert.equal(dead?.id, receipt.id)
  assert.equal((await home.call(large, String(messageBytesMax))).length, messageBytesMax)
  assert.equal((await home.call(large, '5')).length, 5)
  assert.equal(works, 3)
  assert.equal(lines.filter((line) => /is invalid: .*max_message_size/.test(line)).length, 1)
  assert.ok(!lines.some((line) => line.includes('tried again')), lines.join('\n'))
})

for (const ledger of ['memory:', 'grow.sqlite']) {
  test(`a callback is told of what is too large to be told, and without an input that is (${ledger})`, {
    skip,
  }, async () => {
    const name = `grow.told.${ledger.split(':')[0]}`
    const large = queue(name, { codec: { input: text, output: binary } })
    const where = ledger === 'memory:' ? ledger : join(folder, ledger)
    const { lines, log } = keeping()
    await using home = await homing(url(), { ledger: where, log })
    let tell: (told: unknown) => void = () => assert.fail('nothing was sent yet')
    const callback = home.callback(`${name}.done`, large, (outcome, { input }) => {
      tell([outcome.ok ? outcome.value.length : outcome.error.code, input?.length])
    })
    home.consume(large, ({ input }) => new Uint8Array(Number(input.trim())))
    const told = async (input: string): Promise<unknown> => {
      const { promise, resolve } = Promise.withResolvers<unknown>()
      tell = resolve
      await home.send(large, input, { callback })
      return promise
    }
    assert.deepEqual(await told('10'), [10, 2])
    // Three quarters are all of it in base64.
    assert.deepEqual(await told(String(messageBytesMax * 0.8)), ['invalid', 6])
    assert.deepEqual(await told('10'.padEnd(messageBytesMax * 0.8)), [10, undefined])
    assert.deepEqual(await told(String(messageBytesMax * 0.5)), [messageBytesMax * 0.5, 6])
    assert.equal(lines.filter((line) => line.includes('is invalid')).length, 1, lines.join('\n'))
  })
}

test('a gather whose callback could not be told is refused before it begins', {
  skip,
}, async () => {
  await using home = await open()
  const done = home.callbackAll('grow.gathered', shout, () => undefined)
  const receipts = Array.from({ length: 5_000 }, (_, n) =>
    home.receipt(shout, `${n}:${'x'.repeat(240)}`),
  )
  await assert.rejects(
    home.gather(receipts, done, { id: 'grow.all' }),
    coded('message-too-large', /gather grow.all.*max_message_size/),
  )
})
