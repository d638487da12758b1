/*
 * Several processes that end the same ids at the same moment, some of them killed.
 */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSharedLedger } from '../../src/shared-ledger/open-shared-ledger.ts'

interface Contest {
  readonly where: string
  readonly processes: number
  readonly ids: number
  readonly atOnce: number
  /** Milliseconds after which the first one is killed. */
  readonly killAfterMs?: number
}

interface Running {
  readonly child: ChildProcess
  readonly output: () => string
}

/** Each id has one outcome, and whoever was answered was told that one; one at most has won it. */
export async function contest(given: Contest): Promise<void> {
  const { where, processes, ids, atOnce } = given
  const running = await Promise.all(
    Array.from({ length: processes }, (_, n) => started(where, `code${n}`, ids, atOnce)),
  )
  const ends = running.map(({ child }) => once(child, 'exit') as Promise<[number | null]>)
  for (const { child } of running) child.stdin?.write('go\n')
  const { killAfterMs } = given
  if (killAfterMs !== undefined) {
    await sleep(killAfterMs)
    running[0]?.child.kill('SIGKILL')
  }
  const exits = await Promise.all(ends)
  for (const [n, [code]] of exits.entries())
    if (n > 0 || killAfterMs === undefined) assert.equal(code, 0, running[n]?.output() ?? '')
  await judge(
    given,
    running.map(({ output }) => output()),
  )
}

async function judge({ where, ids, killAfterMs }: Contest, outputs: readonly string[]) {
  await using ledger = await openSharedLedger(where)
  const names = Array.from({ length: ids }, (_, n) => `m${n}`)
  const standing = new Map<string, string>()
  for (const [at, entry] of (await ledger.lookUp(names)).entries()) {
    assert.equal(entry.state, 'final', `${names[at]}`)
    standing.set(names[at] as string, entry.outcome.code)
  }
  const winners = new Map<string, number>()
  for (const line of outputs.join('').split('\n')) {
    const [id = '', won, code] = line.split(' ')
    if (!standing.has(id)) continue
    assert.equal(code, standing.get(id), `${id}: somebody was told another outcome`)
    if (won === 'true') winners.set(id, (winners.get(id) ?? 0) + 1)
  }
  const several = [...winners].filter(([, count]) => count > 1)
  assert.deepEqual(several, [])
  // What the killed one won may have been told to nobody.
  if (killAfterMs === undefined) assert.equal(winners.size, ids)
  const codes = new Set(standing.values())
  assert.ok(codes.size > 1, 'only one process ever won: they did not meet')
}

async function started(where: string, code: string, ids: number, atOnce: number): Promise<Running> {
  const program = join(import.meta.dirname, 'ending-process.ts')
  const child = spawn(process.execPath, [program, where, code, String(ids), String(atOnce)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part) => {
    text += part
  })
  child.stderr.setEncoding('utf8').on('data', (part) => {
    text += part
  })
  // A killed one no longer reads.
  child.stdin.on('error', () => undefined)
  while (!text.includes('ready')) {
    assert.equal(child.exitCode, null, text)
    await sleep(10)
  }
  return { child, output: () => text }
}
