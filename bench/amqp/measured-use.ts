import { setTimeout as sleep } from 'node:timers/promises'
import type { Load, LoadResult } from '../client/closed-loop.ts'
import { processTree, processUse } from './process-use.ts'

/**
 * A load by `drive`, and what the servers' processes and this program took while it was measured.
 * The servers' memory is looked at once `drive` has ended. Without a server only this program is measured.
 */
export async function withUse(
  servers: readonly number[],
  load: Load,
  drive: () => Promise<LoadResult>,
): Promise<LoadResult> {
  // Looked for again each time: a database starts a process for a connection that comes later.
  const serverCpuUs = (): number => processUse(servers.flatMap(processTree)).cpuUs
  const taken = (async () => {
    await sleep(load.warmUpMs)
    const [server, client] = [serverCpuUs(), process.cpuUsage()]
    await sleep(load.measureMs)
    const { user, system } = process.cpuUsage(client)
    return { serverUs: serverCpuUs() - server, clientUs: user + system }
  })()
  const result = await drive()
  const { serverUs, clientUs } = await taken
  const clientCpuUsPerTrip = clientUs / result.trips
  if (servers.length === 0) return { ...result, clientCpuUsPerTrip }
  const residentBytes = await residentAfter(servers)
  return {
    ...result,
    clientCpuUsPerTrip,
    server: { cpuUsPerTrip: serverUs / result.trips, residentBytes },
  }
}

/** Freed pages are given back a moment after the run. */
export async function residentAfter(servers: readonly number[]): Promise<number> {
  await sleep(300)
  return processUse(servers.flatMap(processTree)).residentBytes
}
