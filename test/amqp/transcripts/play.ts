/*
 * Plays scenarios against one broker, a few at a time.
 *
 * Each of them has a virtual host for itself while it plays, lane-0, lane-1 …, that is empty at its
 * start, so scenarios may use the same names. What a broker must be configured with is in oracle.ts.
 */

import { isUtf8 } from 'node:buffer'
import { setTimeout as after } from 'node:timers/promises'
import { PeerChannel } from './peer-channel.ts'
import type { RestartScenario, Scenario } from './scenario.ts'
import { Stage } from './stage.ts'
import type { Transcript } from './transcript.ts'

export const laneCount = 6
export const laneName = (lane: number): string => `lane-${lane}`

const scenarioMsMax = 40_000

/** Transcripts by the name of the scenario. */
export async function playAll(
  scenarios: readonly Scenario[],
  port: number,
): Promise<ReadonlyMap<string, Transcript>> {
  const transcripts = new Map<string, Transcript>()
  const waiting = [...scenarios]
  const lanes = Array.from({ length: laneCount }, async (_, lane) => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      transcripts.set(next.name, await play(next, port, laneName(lane)))
  })
  await Promise.all(lanes)
  return transcripts
}

export interface Restartable {
  readonly port: number
  restart(): Promise<void>
}

/** One after the other, in one virtual host, with a restart of the broker between their two acts. */
export async function playWithRestart(
  scenarios: readonly RestartScenario[],
  broker: Restartable,
): Promise<ReadonlyMap<string, Transcript>> {
  const transcripts = new Map<string, Transcript>()
  const act = async (name: string, play: Scenario['play']): Promise<Stage> => {
    const stage = new Stage(broker.port, laneName(0), transcripts.get(name))
    await play(stage).catch((error: Error) => stage.tell(`broke: ${error.stack}`))
    await stage.finish()
    transcripts.set(name, stage.transcript)
    return stage
  }
  for (const { name, before } of scenarios) await act(name, before)
  await broker.restart()
  for (const { name, after: play } of scenarios) await clean(await act(name, play))
  return transcripts
}

async function play(scenario: Scenario, port: number, vhost: string): Promise<Transcript> {
  const stage = new Stage(port, vhost)
  const stopped = new AbortController()
  const late = after(scenarioMsMax, 'late', { signal: stopped.signal }).catch(() => '')
  const played = scenario.play(stage).catch((error: Error) => stage.tell(`broke: ${error.stack}`))
  if ((await Promise.race([played, late])) === 'late') stage.tell('takes too long')
  stopped.abort()
  await stage.finish()
  await clean(stage)
  return stage.transcript
}

/** Deletes what the scenario declared. Exclusive queues went with their connections. */
async function clean(stage: Stage): Promise<void> {
  const { declared } = stage.transcript
  // Names that cannot be, and are not to be deleted.
  const isOurs = (name: string): boolean => name !== '' && isUtf8(Buffer.from(name, 'latin1'))
  const queues = [...declared.queues].filter(isOurs)
  const exchanges = [...declared.exchanges].filter((x) => isOurs(x) && !x.startsWith('amq.'))
  if (queues.length + exchanges.length === 0) return
  const unread = new Stage(stage.port, stage.vhost)
  const peer = await unread.connect()
  // One after the other: RabbitMQ now and then keeps a queue when several go at the same time.
  const channel = await new PeerChannel(peer, 1).open()
  for (const queue of queues) channel.send('queue.delete', { queue })
  for (const exchange of exchanges) channel.send('exchange.delete', { exchange })
  const deleted = [
    ...(await channel.take('queue.delete-ok', queues.length)),
    ...(await channel.take('exchange.delete-ok', exchanges.length)),
  ]
  await unread.finish()
  if (deleted.length < queues.length + exchanges.length)
    throw new Error(`what a scenario declared cannot be deleted:\n${unread.transcript.text()}`)
}
