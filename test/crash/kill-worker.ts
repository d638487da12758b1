/*
 * The process that is killed: opens the engine in a real directory, asks about every id that the one
 * before had seen, then sends and works at random until it is killed. Each event of its history is a
 * line of a file, written before anything else happens: the kernel keeps it when the process dies.
 *
 *   node kill-worker.ts DIRECTORY SEED IDS-FILE HISTORY-FILE
 */

import { openSync, readFileSync, writeSync } from 'node:fs'
import { serialize } from 'node:v8'
import { systemClock } from '../../src/clock.ts'
import { openEmbedded } from '../../src/embedded/open.ts'
import { randomSource } from '../../src/testing/random.ts'
import { Recorder } from '../simulation/history.ts'
import { Numbers, ObservedEngine } from '../simulation/observed-engine.ts'
import { SimulatedConsumers } from '../simulation/simulated-consumers.ts'
import { SimulatedSender } from '../simulation/simulated-sender.ts'
import { atRest, killOptions, killPlan } from './kill-plan.ts'

const [directory = '', seedText = '', idsFile = '', historyFile = ''] = process.argv.slice(2)
const seed = Number(seedText)
const random = randomSource(seed)

const history = openSync(historyFile, 'w')

const recorder = new Recorder(
  () => performance.timeOrigin + performance.now(),
  (event) => writeSync(history, `${serialize(event).toString('base64')}\n`),
)

// The engine itself keeps no process alive.
setInterval(() => {}, 1_000)
console.log('opening')
const engine = await openEmbedded(directory, killOptions)
recorder.nowMs = () => engine.nowMs()

// Numbers go on over all processes of a history: each has a million of its own.
const numbers = new Numbers()
for (const name of ['publish', 'consumer', 'call', 'waiter'] as const) numbers[name] = seed * 1e6
for (const id of readFileSync(idsFile, 'utf8').split('\n')) if (id !== '') numbers.ids.add(id)
const observed = new ObservedEngine(engine, recorder, numbers)

recorder.record({ kind: 'opened' })
const probe = await atRest(observed)
if (probe !== undefined) recorder.record({ kind: 'probed', when: 'recovered', probe })
console.log('working')

const sender = new SimulatedSender(random.fork(), killPlan, seed)
const consumers = new SimulatedConsumers(random.fork(), killPlan, systemClock, seed)
for (const { name } of killPlan.queues) void observed.declare(name, {})
for (;;) {
  for (let n = random.below(4); n > 0; n--) sender.act(observed)
  consumers.act(observed)
  await new Promise((resolve) => setTimeout(resolve, random.below(4)))
}
