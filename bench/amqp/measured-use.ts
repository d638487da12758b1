import { setTimeout as sleep } from 'node:timers/promises'
import type { Load, LoadResult } from '../client/closed-loop.ts'
import { processTree, processUse } from './process-use.ts'

/**
 * A load by `drive`, and what the broker's process and this program took while it was measured.
 * The broker's memory is looked at once `drive` has ended.
 */
export async function withUse(
  pid: number,
  load: Load,
  drive: () => Promise<LoadResult>,
): Promise<LoadResult> {
  const pids = processTree(pid)
  const taken = (async () => {
    await sleep(load.warmUpMs)
    const [server, client] = [processUse(pids), process.cpuUsage()]
    await sleep(load.measureMs)
    const { user, system } = process.cpuUsage(client)
    return { serverUs: processUse(pids).cpuUs - server.cpuUs, clientUs: user + system }
  })()
  const result = await drive()
  const { serverUs, clientUs } = await taken
  return {
    ...result,
    clientCpuUsPerTrip: clientUs / result.trips,
    server: { cpuUsPerTrip: serverUs / result.trips, residentBytes: await residentAfter(pid) },
  }
}

/** Freed pages are given back a moment after the run. */
export async function residentAfter(pid: number): Promise<number> {
  await sleep(300)
  return processUse(processTree(pid)).residentBytes
}
