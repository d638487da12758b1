import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { openSqliteLedger } from './sqlite-ledger.ts'

const root = mkdtempSync(join(tmpdir(), 'homing-ledger-'))
after(() => rmSync(root, { recursive: true }))
const retention = { retainMs: 1e12, retainCount: 3_000 }
const kills = 6

const sourceOf = (file: string): string => JSON.stringify(new URL(file, import.meta.url))

/** Feeds for ever: every third message dies, every tenth dead letter is dropped. Tells what is stored. */
const feeder = `
  import { openSqliteLedger } from ${sourceOf('./sqlite-ledger.ts')}
  import { LedgerFeed, outcomeOf } from ${sourceOf('./ledger-feed.ts')}
  const ledger = await openSqliteLedger(process.argv[1], { retention: ${JSON.stringify(retention)} })
  const feed = new LedgerFeed(ledger.openedAtLsn + 1)
  let n = ledger.openedAtLsn
  ledger.onApplied((lsn) => process.stdout.write(lsn + '\\n'))
  setInterval(() => {
    if (ledger.lagBytes() > 4e6) return
    for (let m = 0; m < 400; m++) {
      n++
      if (n % 30 === 0) feed.drop(['n' + (n - 3)])
      else if (n % 3 === 0) feed.dead('n' + n)
      else feed.outcome(outcomeOf('n' + n))
    }
    ledger.feed(feed.take())
  }, 1)
`

test('killed while storing, again and again, the ledger has what it says it has', async () => {
  const path = join(root, 'ledger.sqlite')
  let told = 0
  for (let kill = 0; kill < kills; kill++) {
    told = await feedAndKill(path, told + 1 + 700 * kill)
    const ledger = await openSqliteLedger(path, {
      retention,
      onDamaged: (text) => assert.fail(text),
    })
    const lsn = ledger.openedAtLsn
    assert.ok(lsn >= told, `told ${told}, has ${lsn}`)
    for (let n = Math.max(1, lsn - 100); n <= lsn; n++)
      assert.equal(ledger.find(`n${n}`)?.state, n % 30 === 0 ? undefined : 'final', `n${n}`)
    assert.equal(ledger.find(`n${lsn + 1}`), undefined)
    await ledger.forget(0)
    assert.ok(ledger.outcomeCount() <= retention.retainCount)
    if (lsn > 1.1 * retention.retainCount) assert.equal(ledger.find('n1')?.state, 'forgotten')
    told = lsn
    await ledger.close()
    checkBooks(path, lsn)
  }
})

/** Kills the feeder as soon as it has told an LSN that high; returns the last one told. */
async function feedAndKill(path: string, lsn: number): Promise<number> {
  const args = ['--input-type=module', '-e', feeder, path]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let told = 0
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
    const whole = text.slice(0, text.lastIndexOf('\n')).split('\n')
    told = Number(whole.at(-1) || told)
    if (told >= lsn) child.kill('SIGKILL')
  })
  await once(child, 'close')
  assert.equal(child.signalCode, 'SIGKILL')
  return told
}

function checkBooks(path: string, lsn: number): void {
  assert.ok(existsSync(path))
  const db = new DatabaseSync(path, { readOnly: true })
  const one = (sql: string) => Object.values(db.prepare(sql).get() ?? {})[0]
  assert.equal(one('PRAGMA integrity_check'), 'ok')
  const outcomes = Number(one('SELECT count(*) FROM outcome_rows'))
  const forgotten = Number(one('SELECT count(*) FROM forgotten_ids'))
  assert.equal(outcomes + forgotten, lsn - Math.floor(lsn / 30))
  assert.equal(one('SELECT outcomes FROM state'), outcomes)
  assert.equal(one('SELECT sum(outcomes) FROM kinds'), outcomes)
  assert.equal(one('SELECT forgotten FROM state'), forgotten)
  assert.equal(
    one('SELECT coalesce(sum(count), 0) FROM dead_counts'),
    one('SELECT count(*) FROM dead_letters'),
  )
  db.close()
}
