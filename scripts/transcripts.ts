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
 * WORDS choose scenarios: a topic, or a part of the name. The broker at --port is on 127.0.0.1 and
 * has the users and virtual hosts of test/amqp/transcripts/oracle.ts.
 */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { scenariosByTopic } from '../test/amqp/transcripts/all-scenarios.ts'
import { differencesOf, differenceText } from '../test/amqp/transcripts/compare.ts'
import { differencesPage } from '../test/amqp/transcripts/differences-page.ts'
import { startOracle } from '../test/amqp/transcripts/oracle.ts'
import { playAll } from '../test/amqp/transcripts/play.ts'
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

const chooses = (topic: string, name: string) => (word: string) =>
  Object.hasOwn(scenariosByTopic, word) ? topic === word : name.includes(word)

const scenarios = Object.entries(scenariosByTopic).flatMap(([topic, all]) =>
  all.filter(({ name }) => positionals.length === 0 || positionals.some(chooses(topic, name))),
)

type Played = ReadonlyMap<string, Transcript>

function print(played: Played): void {
  for (const { name } of scenarios) console.log(`${name}\n${played.get(name)?.text() ?? ''}`)
}

function compare(ours: Played, theirs: Played, sides: readonly [string, string]): number {
  let different = 0
  for (const { name } of scenarios) {
    const [left, right] = [ours.get(name), theirs.get(name)]
    if (left === undefined || right === undefined) throw new Error(`${name} was not played`)
    const differences = differencesOf(left, right)
    if (differences.length === 0) continue
    different++
    console.log(`${name}\n${differenceText(differences, { ours: sides[0], theirs: sides[1] })}`)
  }
  console.log(`${scenarios.length} scenarios, ${different} different`)
  return different
}

async function againstRabbitmq(port: number, ported?: number): Promise<number> {
  const first = await playAll(scenarios, port)
  if (ported === undefined) print(first)
  let different = 0
  for (let time = 1; time < Number(values.times); time++)
    different += compare(await playAll(scenarios, port), first, [`time ${time + 1}`, 'time 1'])
  if (ported === undefined) return different
  return compare(await playAll(scenarios, ported), first, ['homing', 'rabbitmq'])
}

await using homing = values.homing ? await startSubject() : undefined
const port = homing?.port ?? (values.port === undefined ? undefined : Number(values.port))

if (values['write-page']) {
  writeFileSync(join(import.meta.dirname, '../docs/rabbitmq-differences.md'), differencesPage())
} else if (values.rabbitmq) {
  await using rabbitmq = await startOracle()
  process.exitCode = (await againstRabbitmq(rabbitmq.port, port)) > 0 ? 1 : 0
} else if (port === undefined) {
  throw new Error('say --port N, --homing or --rabbitmq')
} else {
  print(await playAll(scenarios, port))
}
