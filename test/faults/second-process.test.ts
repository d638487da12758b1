import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openEmbedded } from '../../src/embedded/open.ts'
import { newDirectory } from './machine.ts'
import { brokenPromises, RunningProcess } from './running-process.ts'

test('a second process is refused with the process id of the first', async () => {
  using directory = newDirectory()
  const first = new RunningProcess(directory.path)
  await first.until('open')
  await assert.rejects(openEmbedded(directory.path), {
    code: 'locked',
    retryable: true,
    message: new RegExp(`in use by process ${first.child.pid}; close it there first, or give`),
  })
  await first.close()
  await (await openEmbedded(directory.path)).close()
})

test('a second engine of the same process is refused as well, and the first goes on', async () => {
  using directory = newDirectory()
  const first = await openEmbedded(directory.path)
  await assert.rejects(openEmbedded(directory.path), {
    code: 'locked',
    message: new RegExp(`in use by process ${process.pid}`),
  })
  await first.declareQueue('work', {})
  // Asking must not have given the lock away to the others.
  const other = new RunningProcess(directory.path)
  await other.end()
  assert.match(other.errors, /locked/)
  await first.close()
})

test('a process that was killed leaves no lock behind, and what it was promised', async () => {
  using directory = newDirectory()
  const confirmed: string[] = []
  const final: string[] = []
  for (let round = 0; round < 3; round++) {
    const working = new RunningProcess(directory.path, { count: 4_000, prefix: `${round}-` })
    await working.until('final', 30)
    await working.kill()
    confirmed.push(...working.ids('confirmed'))
    final.push(...working.ids('final'))
  }
  assert.deepEqual(await brokenPromises(directory.path, { confirmed, final }), [])
})

test('of two processes that start at once, one works and one is refused', async () => {
  using directory = newDirectory()
  const both = [new RunningProcess(directory.path), new RunningProcess(directory.path)]
  const outcome = (one: RunningProcess) =>
    Promise.race([one.until('open').then(() => 'open'), one.end().then(() => 'refused')])
  const outcomes = await Promise.all(both.map(outcome))
  assert.deepEqual(outcomes.toSorted(), ['open', 'refused'])
  const refused = both[outcomes.indexOf('refused')] as RunningProcess
  assert.match(refused.errors, /locked/)
  await (both[outcomes.indexOf('open')] as RunningProcess).close()
})
