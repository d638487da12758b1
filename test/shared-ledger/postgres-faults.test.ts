import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import pg from 'pg'
import { forgottenKey } from '../../src/embedded/ledger/forgotten-key.ts'
import { openSharedLedger } from '../../src/shared-ledger/open-shared-ledger.ts'
import type { Ended, SharedLedger } from '../../src/shared-ledger/shared-ledger.ts'
import { commitLosingProxy } from './commit-losing-proxy.ts'
import { contest } from './ending-processes.ts'
import { acceptanceOf, callbackOf, codeOf, outcomeOf, stateOf } from './ledger-under-test.ts'
import { lackingPostgres, type Postgres, startPostgres } from './postgres-server.ts'

const skip = lackingPostgres()
let server: Postgres

before(async () => {
  if (skip === false) server = await startPostgres()
})

after(async () => {
  if (skip === false) await server[Symbol.asyncDispose]()
})

interface Won {
  readonly id: string
  readonly answers: readonly (Ended | undefined)[]
}

/** Two ledgers end the same ids, again and again, until told to stop; each answer is kept. */
function contested(ledgers: readonly SharedLedger[]) {
  const all: Promise<Won>[] = []
  let isOver = false
  const running = (async () => {
    for (let n = 0; !isOver && n < 20_000; n++) {
      const id = `m${n}`
      const answers = ledgers.map(async (ledger, who) => {
        const outcome = outcomeOf(id, { code: `by${who}` })
        return (await ledger.end([{ outcome, callbacks: [callbackOf(id)] }]))[0]
      })
      all.push(Promise.all(answers).then((told) => ({ id, answers: told })))
      if (n % 20 === 0) await sleep(5)
    }
  })()
  return async (): Promise<Won[]> => {
    isOver = true
    await running
    return Promise.all(all)
  }
}

/** One has won, all were told the same, and that is what is there. */
async function judge(ledger: SharedLedger, results: readonly Won[]): Promise<void> {
  assert.ok(results.length > 100, `${results.length} ended`)
  const stored = await ledger.lookUp(results.map(({ id }) => id))
  for (const [at, { id, answers }] of results.entries()) {
    const codes = answers.map((one) => (one?.state === 'final' ? one.outcome.code : one?.state))
    assert.equal(new Set(codes).size, 1, `${id}: ${codes}`)
    const won = answers.filter((one) => one?.state === 'final' && one.won)
    assert.equal(won.length, 1, `${id} was won ${won.length} times`)
    const there = stored[at]
    assert.equal(there?.state === 'final' && there.outcome.code, codes[0], id)
  }
}

test('PostgreSQL: killed and started again under load, nothing confirmed is lost, nothing ends twice', {
  skip,
}, async () => {
  const address = await server.database()
  const told: string[] = []
  await using one = await openSharedLedger(address, { onProblem: (text) => told.push(text) })
  await using two = await openSharedLedger(address)
  const stop = contested([one, two])
  for (const end of ['kill', 'stop'] as const) {
    await sleep(300)
    await server[end]()
    await sleep(200)
    await server.start()
  }
  await sleep(300)
  await judge(one, await stop())
  assert.match(told.join('\n'), /cannot be reached .*tried again/)
  assert.match(told.at(-1) ?? '', /is there again$/)
})

test('PostgreSQL: connections cut under load, nothing confirmed is lost, nothing ends twice', {
  skip,
}, async () => {
  const address = await server.database()
  await using one = await openSharedLedger(address)
  await using two = await openSharedLedger(address)
  const stop = contested([one, two])
  let cut = 0
  while (cut < 30) {
    await sleep(40)
    cut += await server.cut(address)
  }
  await judge(one, await stop())
})

test('PostgreSQL: away for longer than its patience fails the call, and the next one goes through', {
  skip,
}, async () => {
  const address = await server.database()
  await using ledger = await openSharedLedger(address, { patienceMs: 300 })
  await ledger.end([{ outcome: outcomeOf('a') }])
  await server.kill()
  try {
    await assert.rejects(ledger.end([{ outcome: outcomeOf('b') }]), (error: Error) => {
      assert.match(error.message, /^the ledger at postgres:\/\/.* cannot be reached/)
      assert.ok(error.cause !== undefined)
      return (error as { code?: string }).code === 'ledger-unavailable'
    })
    await assert.rejects(ledger.lookUp(['a']), { code: 'ledger-unavailable', retryable: true })
  } finally {
    await server.start()
  }
  assert.equal(await codeOf(ledger, 'a'), 'ok')
  await ledger.end([{ outcome: outcomeOf('b') }])
})

test('PostgreSQL: closing does not wait for a server that is away', { skip }, async () => {
  const ledger = await openSharedLedger(await server.database())
  await server.kill()
  try {
    const under = assert.rejects(ledger.lookUp(['a']), { code: 'ledger-unavailable' })
    const began = performance.now()
    await ledger.close()
    await under
    assert.ok(performance.now() - began < 5_000)
  } finally {
    await server.start()
  }
})

test('PostgreSQL: a server that stands still is waited for, and the process goes on meanwhile', {
  skip,
}, async () => {
  await using ledger = await openSharedLedger(await server.database())
  await ledger.end([{ outcome: outcomeOf('a') }])
  server.freeze()
  const ended = ledger.end([{ outcome: outcomeOf('b') }])
  const early = await Promise.race([ended.then(() => true), sleep(300, false)])
  server.thaw()
  assert.equal(early, false)
  assert.equal((await ended)[0]?.state, 'final')
})

test('PostgreSQL: many that open an empty database at once find one schema', { skip }, async () => {
  const address = await server.database()
  const ledgers = await Promise.all(Array.from({ length: 8 }, () => openSharedLedger(address)))
  for (const ledger of ledgers) {
    assert.equal(await stateOf(ledger, 'a'), 'unknown')
    await ledger.close()
  }
  const rows = await server.query(address, 'SELECT steps FROM homing.format')
  assert.equal(rows.length, 1)
})

test('PostgreSQL: a ledger of a newer format is refused by name, and not touched', {
  skip,
}, async () => {
  const address = await server.database()
  await (await openSharedLedger(address)).close()
  await server.query(address, 'UPDATE homing.format SET steps = 99')
  await assert.rejects(openSharedLedger(address), {
    code: 'format-unknown',
    message: /has format 99, this Homing writes format 1/,
  })
  assert.equal((await server.query(address, 'SELECT steps FROM homing.format'))[0]?.steps, 99)
})

test('PostgreSQL: what is wrong with an address is said at once, and never the password', {
  skip,
}, async () => {
  const address = await server.database()
  await server.query(address, 'CREATE ROLE guest LOGIN')
  const wrong: readonly [string, string, RegExp][] = [
    [server.as(address, 'nobody', 'geheim'), 'login-refused', /check user and password/],
    [server.as(address, 'guest', 'geheim'), 'access-refused', /grant the user CREATE/],
    [address.replace(/ledger_\d+/, 'nowhere'), 'bad-argument', /create the database first/],
    [
      'postgres://u:geheim@127.0.0.1:1/x',
      'ledger-unavailable',
      /127\.0\.0\.1:1\/x cannot be reached/,
    ],
    ['postgres://u:geheim@host:port/x', 'bad-argument', /give postgres:\/\/user:password@host/],
    [
      'postgres://u:geheim@/x?host=/nowhere',
      'ledger-unavailable',
      /\/nowhere\/x cannot be reached/,
    ],
  ]
  for (const [where, code, message] of wrong) {
    const error = await openSharedLedger(where).then(
      () => assert.fail(`${where} was opened`),
      (reason: unknown) => reason,
    )
    assert.equal((error as { code?: string }).code, code, inspect(error))
    assert.match((error as Error).message, message)
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /geheim/, where)
  }
})

test('PostgreSQL: a commit whose answer is lost is found again, and its outcome won once', {
  skip,
}, async () => {
  const address = await server.database()
  await using proxy = await commitLosingProxy(address)
  await using ledger = await openSharedLedger(proxy.address)
  const ending = { outcome: outcomeOf('a'), callbacks: [callbackOf('a')] }
  proxy.loseNextCommit()
  const [ended] = await ledger.end([ending])
  assert.equal(proxy.lost(), 1)
  assert.ok(ended?.state === 'final' && ended.won)
  assert.equal(ended.unsent.length, 1)
  const [again] = await ledger.end([ending])
  assert.ok(again?.state === 'final' && !again.won)
  assert.equal(again.unsent.length, 1)
})

test('PostgreSQL: an id that is forgotten at the very moment is not ended or accepted again', {
  skip,
}, async () => {
  const address = await server.database()
  await using ledger = await openSharedLedger(address)
  await ledger.end([{ outcome: outcomeOf('a') }])
  await ledger.end([{ outcome: outcomeOf('b') }])
  const forgetting = new pg.Client({ connectionString: address })
  await forgetting.connect()
  await forgetting.query('BEGIN')
  await forgetting.query('DELETE FROM homing.messages')
  await forgetting.query('INSERT INTO homing.forgotten_ids SELECT unnest($1::bytea[])', [
    ['a', 'b'].map((id) => Buffer.from(forgottenKey(id))),
  ])
  // Both wait for the rows that go.
  const ended = ledger.end([{ outcome: outcomeOf('a', { code: 'lost' }) }])
  const claimed = ledger.accept([acceptanceOf('b')])
  await sleep(200)
  await forgetting.query('COMMIT')
  await forgetting.end()
  assert.deepEqual(await ended, [{ state: 'forgotten' }])
  assert.deepEqual(await claimed, [{ state: 'known' }])
  assert.deepEqual(await ledger.lookUp(['a', 'b']), [
    { state: 'forgotten' },
    { state: 'forgotten' },
  ])
})

test('PostgreSQL: a user who may use the schema, and not make one, can open it', {
  skip,
}, async () => {
  const address = await server.database()
  await (await openSharedLedger(address)).close()
  await server.query(
    address,
    `CREATE ROLE worker LOGIN; GRANT USAGE ON SCHEMA homing TO worker;
     GRANT ALL ON ALL TABLES IN SCHEMA homing TO worker`,
  )
  await using ledger = await openSharedLedger(server.as(address, 'worker'))
  await ledger.end([{ outcome: outcomeOf('a'), callbacks: [callbackOf('a')] }])
  assert.equal(await codeOf(ledger, 'a'), 'ok')
})

test('PostgreSQL: commits wait for the disk, whatever the database prefers', { skip }, async () => {
  const address = await server.database()
  const name = new URL(address.replace('homing@', '')).pathname.slice(1)
  await server.query(address, `ALTER DATABASE ${name} SET synchronous_commit = off`)
  await using ledger = await openSharedLedger(address)
  await ledger.end([{ outcome: outcomeOf('a') }])
  await server.kill()
  await server.start()
  assert.equal(await codeOf(ledger, 'a'), 'ok')
  // The setting of its connections, by what a trigger of the test sees in them.
  await server.query(
    address,
    `CREATE TABLE seen (setting text);
     CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
     CREATE TRIGGER look AFTER INSERT ON homing.messages EXECUTE FUNCTION look()`,
  )
  await ledger.end([{ outcome: outcomeOf('b') }])
  assert.deepEqual(await server.query(address, 'SELECT * FROM seen'), [{ setting: 'on' }])
})

test('PostgreSQL: three processes end 1,000 ids at the same moment: one outcome each', {
  skip,
}, async () => {
  await contest({ where: await server.database(), processes: 3, ids: 1_000, atOnce: 10 })
})

test('PostgreSQL: a process killed among others leaves no outcome untold or told twice', {
  skip,
}, async () => {
  const where = await server.database()
  await contest({ where, processes: 3, ids: 1_000, atOnce: 5, killAfterMs: 150 })
})
