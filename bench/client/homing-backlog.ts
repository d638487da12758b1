/*
 * A process with a deep backlog, driven message by message by ../scenario/backlog.ts, which also
 * kills it.
 */

import { Buffer } from 'node:buffer'
import { binary, homing, queue } from '../../src/index.ts'
import { type Memory, memoryNow } from '../machine.ts'
import { closedLoop, type Load, type LoadResult } from './closed-loop.ts'

export type BacklogCommand =
  | { readonly do: 'open'; readonly directory: string }
  | { readonly do: 'fill'; readonly messages: number; readonly bodyBytes: number }
  | { readonly do: 'rate'; readonly load: Load; readonly bodyBytes: number }
  | { readonly do: 'memory' }
  | { readonly do: 'close' }

export interface Opened {
  readonly openMs: number
  /** Messages that wait in the queue. */
  readonly ready: number
}

export interface SettledMemory extends Memory {
  /** Resident before collecting. */
  readonly busyBytes: number
}

const waiting = queue('waiting', { codec: binary })
const lanes = 1_000
let home: Awaited<ReturnType<typeof homing>>

process.on('message', async (command: BacklogCommand) => {
  process.send?.((await obey(command)) ?? null)
  if (command.do === 'close') process.exit(0)
})

async function obey(
  command: BacklogCommand,
): Promise<Opened | LoadResult | SettledMemory | undefined> {
  switch (command.do) {
    case 'open':
      return await open(command.directory)
    case 'fill':
      return await fill(command.messages, Buffer.alloc(command.bodyBytes, 'homing '))
    case 'rate': {
      const body = Buffer.alloc(command.bodyBytes, 'homing ')
      return await closedLoop(command.load, async () => {
        await home.send(waiting, body)
      })
    }
    case 'memory':
      return await settledMemory()
    case 'close':
      await home.close()
      return undefined
    default:
      return command satisfies never
  }
}

async function open(directory: string): Promise<Opened> {
  const began = performance.now()
  home = await homing(directory)
  const openMs = performance.now() - began
  const stats = (await home.queues()).find((one) => one.name === waiting.name)
  return { openMs, ready: stats?.ready ?? 0 }
}

async function fill(messages: number, body: Buffer): Promise<undefined> {
  let left = messages
  const lane = async (): Promise<void> => {
    while (left-- > 0) await home.send(waiting, body)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

/**
 * What is resident as it is, and what stays when the garbage of sending is gone and given back to
 * the system; `--expose-gc` gives the collector a name. A plain collection keeps the pages of the
 * young generation, some 60 MB after a burst, whatever the program holds.
 */
async function settledMemory(): Promise<SettledMemory> {
  const { residentBytes: busyBytes } = memoryNow()
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return { busyBytes, ...memoryNow() }
}
