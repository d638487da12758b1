import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { limits } from '../limits.ts'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { hashPassword, isCheap, publicPasswordCost, verifyPassword } from './password.ts'
import { PasswordChecks } from './password-checks.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8')
const address = '192.0.2.1'
/** Cheap, so that the tests are quick; what is right or wrong does not depend on it. */
const stored = await hashPassword(bytes('open sesame'), publicPasswordCost)

/** Passwords are checked by real threads: pauses pass while these work. */
async function until<T>(clock: SimulatedClock, promise: Promise<T>): Promise<T> {
  let settled = false
  const done = (): void => {
    settled = true
  }
  promise.then(done, done)
  while (!settled) {
    await clock.advance(limits.loginPauseMs)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return promise
}

test('a password is kept as a salted hash that is another each time, and is told from others', async () => {
  const again = await hashPassword(bytes('open sesame'), publicPasswordCost)
  assert.notEqual(again, stored)
  assert.ok(!stored.includes('sesame'))
  assert.equal(await verifyPassword(bytes('open sesame'), again), true)
  assert.equal(await verifyPassword(bytes('open sesame '), again), false)
  assert.equal(await verifyPassword(Buffer.from([0xff, 0xfe]), again), false)
  const ordinary = await hashPassword(bytes('x'))
  assert.deepEqual([isCheap(stored), isCheap(ordinary)], [true, false])
})

test('an empty password cannot be set, nor one that is too long, and neither gets anybody in', async () => {
  await assert.rejects(hashPassword(bytes('')), { code: 'bad-argument' })
  await assert.rejects(hashPassword(new Uint8Array(1025)), { code: 'bad-argument' })
  assert.equal(await verifyPassword(new Uint8Array(1025), stored), false)
})

test('a hash that is none, or asks for a cost without bounds, lets nobody in', async () => {
  for (const bad of [
    '',
    'scrypt',
    'plain$open sesame',
    stored.replace(/\$[^$]*$/, '$'),
    stored.replace('$256$', '$255$'),
    stored.replace('$256$', `$${2 ** 30}$`),
    `${stored}$more`,
  ])
    assert.equal(await verifyPassword(bytes('open sesame'), bad), false, bad)
})

test('the right password is right, a wrong one and an unknown user are not', async () => {
  const clock = new SimulatedClock()
  const checks = new PasswordChecks(clock)
  const check = (user: string, password: string, hash: string | undefined) =>
    until(clock, checks.check({ user, stored: hash, password: bytes(password), address }))
  assert.equal(await check('ali', 'open sesame', stored), true)
  assert.equal(await check('ali', 'open sesame', stored), true)
  assert.equal(await check('ali', 'open barley', stored), false)
  assert.equal(await check('cassim', 'open sesame', undefined), false)
})

test('what is remembered of a right password ends with the hash it was right for', async () => {
  const clock = new SimulatedClock()
  const checks = new PasswordChecks(clock)
  const check = (hash: string | undefined) =>
    until(
      clock,
      checks.check({ user: 'ali', stored: hash, password: bytes('open sesame'), address }),
    )
  assert.equal(await check(stored), true)
  assert.equal(await check(await hashPassword(bytes('new'), publicPasswordCost)), false)
  assert.equal(await check(undefined), false)
  assert.equal(await check(stored), true)
})

test('after a wrong password its address waits, others do not', async () => {
  const clock = new SimulatedClock()
  const checks = new PasswordChecks(clock)
  const check = (user: string, password: string, from: string) =>
    checks.check({ user, stored, password: bytes(password), address: from })
  await check('ali', 'wrong', address)
  const done: string[] = []
  const next = check('cassim', 'open sesame', address).then(() => done.push('neighbour'))
  await check('morgiana', 'open sesame', '192.0.2.2').then(() => done.push('elsewhere'))
  assert.deepEqual(done, ['elsewhere'])
  await clock.advance(limits.loginPauseMs)
  await next
  assert.deepEqual(done, ['elsewhere', 'neighbour'])
})

test('users of one address take turns, however many passwords of one are tried', async () => {
  const clock = new SimulatedClock()
  const checks = new PasswordChecks(clock)
  const order: string[] = []
  const guesses = Array.from({ length: 20 }, (_, n) =>
    checks
      .check({ user: 'ali', stored, password: bytes(`guess ${n}`), address })
      .then(() => order.push('guess')),
  )
  const honest = checks
    .check({ user: 'morgiana', stored, password: bytes('open sesame'), address })
    .then(() => order.push('honest'))
  await until(clock, honest)
  assert.ok(order.indexOf('honest') <= 2 * limits.passwordChecksAtOnceMax, order.join())
  await until(clock, Promise.all(guesses))
})

test('what waits for one address is bounded; what is beyond is refused, not kept', async () => {
  const clock = new SimulatedClock()
  const checks = new PasswordChecks(clock)
  const ask = (n: number, from: string) =>
    checks.check({ user: `u${n}`, stored: undefined, password: bytes('x'), address: from })
  const many = limits.passwordChecksWaitingMax + limits.passwordChecksAtOnceMax
  for (let n = 0; n < many; n++) void ask(n, address)
  assert.equal(await ask(many, address), false)
  const elsewhere = checks.check({
    user: 'm',
    stored,
    password: bytes('open sesame'),
    address: 'b',
  })
  assert.equal(await until(clock, elsewhere), true)
})

test('a password is not checked for one who has gone meanwhile', async () => {
  const clock = new SimulatedClock()
  const checks = new PasswordChecks(clock)
  await checks.check({ user: 'ali', stored, password: bytes('wrong'), address })
  const gone = { stored, password: bytes('open sesame'), address, isGone: () => true }
  const left = Array.from({ length: 50 }, (_, n) => checks.check({ ...gone, user: `u${n}` }))
  const stays = checks.check({ user: 'm', stored, password: bytes('open sesame'), address })
  await clock.advance(limits.loginPauseMs)
  assert.equal(await stays, true)
  assert.ok((await Promise.all(left)).every((right) => !right))
})

test('who asks the same while another one leaves gets an answer', async () => {
  const clock = new SimulatedClock()
  const checks = new PasswordChecks(clock)
  await checks.check({ user: 'ali', stored, password: bytes('wrong'), address })
  const question = { user: 'm', stored, password: bytes('open sesame'), address }
  const left = checks.check({ ...question, isGone: () => true })
  const stays = checks.check({ ...question, isGone: () => false })
  await clock.advance(limits.loginPauseMs)
  assert.deepEqual(await Promise.all([left, stays]), [true, true])
})
