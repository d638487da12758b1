/*
 * Every scenario of test/amqp/transcripts, played against RabbitMQ and against Homing at the same time,
 * and compared. What differs must be meant, and stand in docs/rabbitmq-differences.md.
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { lackingRabbitmq } from './rabbitmq.ts'
import { allScenarios, scenariosByTopic } from './transcripts/all-scenarios.ts'
import { differencesOf, differenceText } from './transcripts/compare.ts'
import { differencesPage } from './transcripts/differences-page.ts'
import { partingLines } from './transcripts/intended-difference.ts'
import { intendedDifferences } from './transcripts/intended-differences.ts'
import { startOracle } from './transcripts/oracle.ts'
import { playAll, playWithRestart, type Restartable } from './transcripts/play.ts'
import { restartScenarios } from './transcripts/scenarios/restart.ts'
import { startSubject } from './transcripts/subject.ts'
import type { Transcript } from './transcripts/transcript.ts'

const skip = lackingRabbitmq()
const sides = { ours: 'homing', theirs: 'rabbitmq' }
const names = [...allScenarios, ...restartScenarios].map(({ name }) => name)
const meant = new Map(intendedDifferences.flatMap(({ scenarios }) => Object.entries(scenarios)))

async function playedByBoth() {
  await using homing = await startSubject()
  await using rabbitmq = await startOracle()
  const [ours, theirs] = await Promise.all([playedBy(homing), playedBy(rabbitmq)])
  return { ours, theirs }
}

async function playedBy(broker: Restartable): Promise<ReadonlyMap<string, Transcript>> {
  const played = await playAll(allScenarios, broker.port)
  return new Map([...played, ...(await playWithRestart(restartScenarios, broker))])
}

const both = skip === false ? await playedByBoth() : undefined

function compared(name: string): string {
  const [ours, theirs] = [both?.ours.get(name), both?.theirs.get(name)]
  if (ours === undefined || theirs === undefined) return 'was not played'
  const differences = differencesOf(ours, theirs)
  const expected = meant.get(name)
  if (expected === undefined) return differenceText(differences, sides)
  if (differences.length === 0) return 'a difference is meant, and there is none any more'
  const found = partingLines(differences)
  if (found.length === expected.length && found.every((line, at) => line === expected[at]))
    return ''
  return `another difference is meant:\n${expected.join('\n')}\n\nthan there is:\n${found.join('\n')}`
}

for (const [topic, scenarios] of Object.entries({ ...scenariosByTopic, restart: restartScenarios }))
  test(`${topic}: Homing and RabbitMQ say the same, or differ as is meant`, { skip }, () => {
    const texts = scenarios.map(({ name }) => ({ name, text: compared(name) }))
    const wrong = texts.filter(({ text }) => text !== '')
    const report = wrong.map(({ name, text }) => `\n${name}\n${text}`).join('\n')
    assert.equal(wrong.length, 0, `${wrong.length} of ${scenarios.length}:\n${report}`)
  })

test('there are many scenarios, each of them with its own name', () => {
  assert.ok(allScenarios.length >= 220)
  assert.equal(new Set(names).size, names.length)
})

test('every difference that is meant belongs to one scenario', () => {
  const named = intendedDifferences.flatMap(({ scenarios }) => Object.keys(scenarios))
  assert.equal(new Set(named).size, named.length)
  const known = new Set(names)
  assert.deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  )
})

test('the page of differences is what the comparison goes by', () => {
  const page = join(import.meta.dirname, '../../docs/rabbitmq-differences.md')
  assert.equal(
    readFileSync(page, 'utf8'),
    differencesPage(),
    'run: node scripts/transcripts.ts --write-page',
  )
})
