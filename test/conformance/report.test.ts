import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guaranteeTable } from '../../scripts/guarantee-table.ts'
import { openEmbedded } from '../../src/embedded/open.ts'
import type { Guarantees } from '../../src/engine.ts'
import { RunRecord } from '../../src/testing/conformance/report.ts'
import type { ConformanceReport } from '../../src/testing/index.ts'
import { lying } from './lying-engine.ts'

async function reported(
  guarantees: Partial<Guarantees>,
  run: (record: RunRecord) => void,
): Promise<ConformanceReport> {
  const memory = await openEmbedded('memory:')
  const record = new RunRecord()
  record.opened(lying(memory, () => ({ guarantees: { ...memory.guarantees, ...guarantees } })))
  await memory.close()
  run(record)
  return record.report('mine')
}

const rowOf = (table: string, feature: RegExp): string =>
  table.split('\n').find((line) => line.startsWith('|') && feature.test(line)) ?? ''

test('a feature is native in the table only when tests have shown it', async () => {
  const shown = await reported({}, (record) => record.passed('it waits', 'delay'))
  const table = guaranteeTable([shown])
  assert.equal(rowOf(table, /before its time/), '| Not delivered before its time | native |')
  assert.equal(rowOf(table, /Higher priorities/), '| Higher priorities first | — |')
})

test('what is emulated stands in the table with how, and at what cost', async () => {
  const delay = { emulated: 'a queue for each delay' }
  const shown = await reported({ delay }, (record) => record.passed('it waits', 'delay'))
  const table = guaranteeTable([shown])
  assert.match(rowOf(table, /before its time/), /\| emulated \|/)
  assert.match(table, /\*Not delivered before its time\* is emulated: a queue for each delay\./)
})

test('what is refused stands in the table with the error that came, and not without one', async () => {
  const limits = { refused: 'it cannot' }
  const said = 'the engine "mine" refuses limits'
  const silent = await reported({ limits }, (record) => record.passed('other', undefined))
  assert.match(rowOf(guaranteeTable([silent]), /Rates and concurrency/), /\| \? \|/)
  const shown = await reported({ limits }, (record) => record.refused('limits', said))
  const table = guaranteeTable([shown])
  assert.match(rowOf(table, /Rates and concurrency/), /\| refused \|/)
  assert.ok(table.includes(`is refused: \`${said}\`.`))
})

test('what was left out stands in the table with its reason', async () => {
  const shown = await reported({}, (record) => {
    record.left('it survives', 'durability', 'nothing survives')
    record.left('it is cut', undefined, 'it has no connection')
  })
  const table = guaranteeTable([shown])
  assert.match(rowOf(table, /outlives a restart/), /\| — \|/)
  assert.match(table, /outlives a restart\* was not asked: nothing survives /)
  assert.match(table, /1 because it has no connection/)
  assert.deepEqual(
    shown.leftOut.map(({ why }) => why),
    ['nothing survives', 'it has no connection'],
  )
})

test('a report of a run in which no engine was opened is none', () => {
  assert.throws(() => new RunRecord().report('mine'), /no engine of "mine" was opened/)
})
