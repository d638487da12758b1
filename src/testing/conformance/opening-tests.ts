/* Opening an engine where it must fail, or over a connection of another kind. */

import assert from 'node:assert/strict'
import type { Engine } from '../../engine.ts'
import { HomingError } from '../../errors.ts'
import { textOf } from './pieces.ts'
import type { Opening, Openings } from './subject.ts'
import { type Pace, Trial } from './trial.ts'

interface OpeningTest {
  readonly title: string
  readonly opening: Opening
  run(openings: Openings, pace: Pace): Promise<void>
}

export const openingTests: readonly OpeningTest[] = [
  {
    title: 'a broker that is not there is a clear error, at once, and worth another try',
    opening: 'unreachable',
    async run({ unreachable }) {
      const error = await refusedOpening('unreachable', unreachable)
      assert.equal(error.code, 'unreachable', error.message)
      assert.equal(error.retryable, true)
    },
  },
  {
    title: 'a wrong password is a clear error, does not show it, and is not worth another try',
    opening: 'loginRefused',
    async run({ loginRefused }) {
      const error = await refusedOpening('loginRefused', loginRefused?.open)
      assert.equal(error.retryable, false, error.code)
      const password = loginRefused?.password ?? ''
      for (let one: unknown = error; one instanceof Error; one = one.cause) {
        assert.ok(!`${one.message} ${one.stack}`.includes(password), 'no error shows the password')
      }
      assert.ok(!JSON.stringify(error.data ?? null).includes(password))
    },
  },
  {
    title: 'a certificate that nobody trusts is a clear error, and nothing is sent to its owner',
    opening: 'untrusted',
    async run({ untrusted }) {
      const error = await refusedOpening('untrusted', untrusted)
      assert.match(error.message, /certificate|TLS/i)
      assert.equal(error.retryable, false, error.code)
    },
  },
  {
    title: 'over TLS and with a login a message goes out and its outcome comes home',
    opening: 'overTls',
    async run({ overTls }, pace) {
      const subject = await given('overTls', overTls)()
      const trial = new Trial(subject, pace)
      try {
        const queue = await trial.queue('work')
        const { id } = await trial.send(queue, 'x')
        await trial.answer(await trial.heldBy(queue), 'home')
        assert.equal(textOf((await trial.outcome(id)).body), 'home')
        await trial.close()
      } finally {
        await subject.dispose()
      }
    },
  },
]

function given<F>(name: Opening, open: F | undefined): F {
  assert.ok(open, `the suite is given no ${name}; write it, or say in \`without\` why not`)
  return open
}

async function refusedOpening(
  name: Opening,
  open: (() => Promise<Engine>) | undefined,
): Promise<HomingError> {
  const opening = given(name, open)().then(
    (engine) => engine,
    (error: unknown) => error,
  )
  const opened = await Promise.race([opening, tooLate()])
  if (!(opened instanceof Error)) await (opened as Engine).close()
  assert.ok(opened instanceof HomingError, `it opened, or failed with ${String(opened)}`)
  return opened
}

/** At once, on a machine that is busy. */
const atOnceMs = 10_000

function tooLate(): Promise<unknown> {
  return new Promise((_, reject) => {
    const fail = (): void =>
      reject(new assert.AssertionError({ message: 'it did not fail at once' }))
    setTimeout(fail, atOnceMs).unref()
  })
}
