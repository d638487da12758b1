/*
 * Plays the scenarios of test/amqp/transcripts by hand.
 *
 *   node scripts/transcripts.ts --port 5672 [WORDS…]        plays them and prints the transcripts
 *   node scripts/transcripts.ts --rabbitmq [WORDS…]         the same against a RabbitMQ of its own
 *   node scripts/transcripts.ts --rabbitmq --homing         compares Homing with RabbitMQ
 *   node scripts/transcripts.ts --rabbitmq --port 5672      compares the broker there with RabbitMQ
 *   node scripts/transcripts.ts --rabbitmq --times 3        RabbitMQ with itself: must be equal
 *   node scripts/transcripts.ts --write-page                writes docs/rabbitmq-differences.md
 *
 * WORDS choose scenarios: a topic, or a part of the name. The broker at --port is on 127.0.0.1, has
 * the users and virtual hosts of test/amqp/transcripts/oracle.ts, and is not restarted.
 */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { scenariosByTopic } from '../test/amqp/transcripts/all-scenarios.ts'
import { differencesOf, differenceText } from '../test/amqp/transcripts/compare.ts'
import { differencesPage } from '../test/amqp/transcripts/differences-page.ts'
import { startOracle } from '../test/amqp/transcripts/oracle.ts'
import { playAll, playWithRestart, type Restartable } from '../test/amqp/transcripts/play.ts'
import { restartScenarios } from '../test/amqp/transcripts/scenarios/restart.ts'
import { startSubject } from '../test/amqp/transcripts/subject.ts'
import type { Transcript } from '../test/amqp/transcripts/transcript.ts'

const { values, positionals } = parseArgs({
  options: {
    port: { type: 'string' },
    rabbitmq: { type: 'boolean', default: false },
    homing: { type: 'boolean', default: false },
    'write-page': { type: 'boolean', default: false },
    times: { type: 'string', default: '1' },
  },
  allowPositionals: true,
})

const topics = new Set([...Object.keys(scenariosByTopic), 'restart'])

const isChosen = (topic: string, name: string): boolean =>
  positionals.length === 0 ||
  positionals.some((word) => (topics.has(word) ? topic === word : name.includes(word)))

const scenarios = Object.entries(scenariosByTopic).flatMap(([topic, all]) =>
  all.filter(({ name }) => isChosen(topic, name)),
)
const withRestart =
  values.port === undefined ? restartScenarios.filter(({ name }) => isChosen('restart', name)) : []
const names = [...scenarios, ...withRestart].map(({ name }) => name)

type Played = ReadonlyMap<string, Transcript>

function print(played: Played): void {
  for (const name of names) console.log(`${name}\n${played.get(name)?.text() ?? ''}`)
}

function compare(ours: Played, theirs: Played, sides: readonly [string, string]): number {
  let different = 0
  for (const name of names) {
    const [left, right] = [ours.get(name), theirs.get(name)]
    if (left === undefined || right === undefined) throw new Error(`${name} was not played`)
    const differences = differencesOf(left, right)
    if (differences.length === 0) continue
    different++
    console.log(`${name}\n${differenceText(differences, { ours: sides[0], theirs: sides[1] })}`)
  }
  console.log(`${names.length} scenarios, ${different} different`)
  return different
}

async function playedBy(broker: Restartable): Promise<Played> {
  const played = await playAll(scenarios, broker.port)
  if (withRestart.length === 0) return played
  return new Map([...played, ...(await playWithRestart(withRestart, broker))])
}

async function againstRabbitmq(rabbitmq: Restartable, other?: Restartable): Promise<number> {
  const first = await playedBy(rabbitmq)
  if (other === undefined) print(first)
  let different = 0
  for (let time = 1; time < Number(values.times); time++)
    different += compare(await playedBy(rabbitmq), first, [`time ${time + 1}`, 'time 1'])
  if (other === undefined) return different
  return different + compare(await playedBy(other), first, ['homing', 'rabbitmq'])
}

/** A broker that somebody else has started: scenarios with a restart are left out. */
const foreign = (port: string): Restartable => ({
  port: Number(port),
  restart: () => Promise.reject(new Error('it is not ours to restart')),
})

if (values['write-page']) {
  writeFileSync(join(import.meta.dirname, '../docs/rabbitmq-differences.md'), differencesPage())
} else {
  await using homing = values.homing ? await startSubject() : undefined
  const subject = homing ?? (values.port === undefined ? undefined : foreign(values.port))
  if (values.rabbitmq) {
    await using rabbitmq = await startOracle()
    process.exitCode = (await againstRabbitmq(rabbitmq, subject)) > 0 ? 1 : 0
  } else if (subject === undefined) {
    throw new Error('say --port N, --homing or --rabbitmq')
  } else {
    print(await playedBy(subject))
  }
}
