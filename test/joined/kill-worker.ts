/*
 * One of the processes on one data directory: producer, consumer and callback owner, until it is killed.
 * Each thing that happens to it is a line of a file, written before anything else happens: the kernel
 * keeps it when the process dies.
 *
 *   node kill-worker.ts DIRECTORY SLOT LIFE HISTORY-FILE
 *
 * Told `stop` it sends nothing new and says `quiet` when it has every outcome it waits for; told `close`
 * it closes.
 */

import { openSync, writeSync } from 'node:fs'
import { type HomingError, homing } from '../../src/index.ts'
import { randomSource } from '../../src/testing/random.ts'
import { callbackOf, type NoteBody, type Order, type Work, type Worked, work } from './kill-plan.ts'

const [directory = '', slotText = '', lifeText = '', historyFile = ''] = process.argv.slice(2)
const slot = Number(slotText)
const life = `${slot}.${lifeText}`
const random = randomSource(slot * 10_000 + Number(lifeText))
const file = openSync(historyFile, 'a')
const lanes = 4

function note(body: NoteBody): void {
  const at = performance.timeOrigin + performance.now()
  writeSync(file, `${JSON.stringify({ at, life, ...body })}\n`)
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const codeOf = (error: unknown): string => (error as HomingError).code ?? String(error)

let isStopping = false
let isClosed = false
let runs = 0
const waits = new Set<Promise<void>>()

const home = await homing(directory, {
  // Small files, so that a run of seconds has new segments, checkpoints and compaction.
  ...{ segmentBytes: 65_536, checkpointBytes: 131_072, reserveBytes: 65_536 },
  onProblem: (text) => note({ what: 'problem', text }),
})
note({ what: 'open' })

home.consume(
  work,
  async ({ id, input, attempt }): Promise<Worked> => {
    note({ what: 'begun', id, attempt })
    const { ms, failures } = input as Work
    await pause(ms)
    if (attempt <= failures) throw new Error('not yet')
    return { id, run: `${life}.${runs++}` }
  },
  { concurrency: 10 },
)

const onDone = home.callback(callbackOf(slot), work, (outcome) => {
  note({ what: 'called', id: outcome.id, outcome: JSON.stringify(outcome) })
})

async function wait(id: string): Promise<void> {
  const waiter = `${life}/${random.below(1e9)}`
  note({ what: 'waiting', id, waiter })
  try {
    const outcome = await home.receipt(work, id).outcome()
    note({ what: 'told', id, waiter, outcome: JSON.stringify(outcome) })
  } catch (error) {
    note({ what: 'untold', id, waiter, code: codeOf(error) })
  }
}

async function sendOne(id: string): Promise<void> {
  const input: Work = { id, ms: random.below(40), failures: random.below(8) === 0 ? 1 : 0 }
  const callback = random.below(2) === 0
  note({ what: 'sending', id, callback })
  try {
    await home.send(work, input, { id, ...(callback && { callback: onDone.with({ slot }) }) })
  } catch (error) {
    note({ what: 'refused', id, code: codeOf(error) })
    return
  }
  note({ what: 'confirmed', id, callback })
  process.send?.({ confirmed: id })
  await wait(id)
}

async function lane(number: number): Promise<void> {
  for (let n = 0; !isStopping; n++) {
    await sendOne(`${life}.${number}.${n}`)
    await pause(random.below(30))
  }
}

const all = Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)))

process.on('message', async ({ order, ...more }: Order & { id?: string }) => {
  if (order === 'watch' && more.id !== undefined) {
    const waiting = wait(more.id)
    waits.add(waiting)
    void waiting.then(() => waits.delete(waiting))
  }
  if (order === 'stop') {
    isStopping = true
    await all
    await Promise.all(waits)
    note({ what: 'quiet' })
    process.send?.({ quiet: true })
  }
  if (order === 'close') {
    isStopping = true
    await home.close()
    note({ what: 'closed' })
    isClosed = true
    process.disconnect?.()
  }
})
// Nobody is left who would end it.
process.on('disconnect', () => {
  if (!isClosed) process.exit(1)
})
process.send?.({ open: true })
