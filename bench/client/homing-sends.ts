import { Buffer } from 'node:buffer'
import { binary, homing, queue } from '../../src/index.ts'
import { closedLoop, type Load, type LoadResult } from './closed-loop.ts'
import { runClient } from './run-client.ts'

export interface HomingSendSettings {
  readonly directory: string
  readonly load: Load
  readonly bodyBytes: number
}

const waiting = queue('waiting', { codec: binary })

runClient(async (settings: HomingSendSettings): Promise<LoadResult> => {
  await using home = await homing(settings.directory)
  const body = Buffer.alloc(settings.bodyBytes, 'homing ')
  return await closedLoop(settings.load, async () => {
    await home.send(waiting, body)
  })
})
