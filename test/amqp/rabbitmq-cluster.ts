/*
 * A private RabbitMQ cluster on this machine: nodes that found each other by their names.
 *
 *   await using cluster = await startRabbitmqCluster()
 *   homing(cluster.urls, { ledger })
 *   await cluster.nodes[1].stop('SIGKILL')
 *   await cluster.nodes[1].start()
 *   await cluster.whole()
 *
 * Rule for tests: two of three nodes stay; a cluster without its majority takes nothing, as it should.
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts, lackingRabbitmq, RabbitmqNode, startEpmd } from './rabbitmq-node.ts'

export interface RabbitmqCluster extends AsyncDisposable {
  readonly nodes: readonly RabbitmqNode[]
  /** One for each node, as guest in virtual host `/`. */
  readonly urls: readonly string[]
  /** Resolves when every node runs and says that all of them do. */
  whole(): Promise<void>
}

const nodesCount = 3
const wholeMsMax = 60_000

export async function startRabbitmqCluster(): Promise<RabbitmqCluster> {
  const lacking = lackingRabbitmq()
  if (lacking !== false) throw new Error(lacking)
  const directory = mkdtempSync(join(tmpdir(), 'homing-rabbitmq-cluster-'))
  const [epmdPort = 0, ...ports] = await freePorts(1 + nodesCount * 2)
  const nodes = nodesIn(directory, epmdPort, ports)
  const epmd = startEpmd(epmdPort)
  const kill = (): void => {
    for (const node of nodes) node.kill()
    epmd.kill()
  }
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    process.off('exit', kill)
    await Promise.all([...nodes.map((node) => node.stop('SIGKILL')), epmd.stop()])
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  const whole = (): Promise<void> => untilWhole(nodes)
  try {
    // The first one makes the cookie; the others join a cluster that is there, and wait for nobody.
    const [first, ...others] = nodes
    await first?.start()
    await Promise.all(others.map((node) => node.start()))
    await whole()
  } catch (error) {
    await stop()
    throw error
  }
  const urls = nodes.map(({ place }) => `amqp://guest:guest@127.0.0.1:${place.port}`)
  return { nodes, urls, whole, [Symbol.asyncDispose]: stop }
}

function nodesIn(directory: string, epmdPort: number, ports: readonly number[]): RabbitmqNode[] {
  const names = Array.from({ length: nodesCount }, (_, n) => `homing-${n}-${epmdPort}@localhost`)
  const config = [
    'cluster_formation.peer_discovery_backend = classic_config',
    ...names.map((name, n) => `cluster_formation.classic_config.nodes.${n + 1} = ${name}`),
  ]
  return names.map((name, n) => {
    const own = join(directory, `${n}`)
    mkdirSync(own)
    const [port = 0, distributionPort = 0] = ports.slice(n * 2)
    const place = { name, directory: own, home: directory, port, distributionPort, epmdPort }
    return new RabbitmqNode(place, { config })
  })
}

async function untilWhole(nodes: readonly RabbitmqNode[]): Promise<void> {
  const deadline = Date.now() + wholeMsMax
  for (;;) {
    const seen = await Promise.all(nodes.map(runningNodes))
    if (seen.every((count) => count === nodes.length)) return
    if (Date.now() > deadline) throw new Error(`the nodes see ${seen.join(', ')} nodes that run`)
    await sleep(200)
  }
}

/** How many nodes run, as this one knows. */
async function runningNodes(node: RabbitmqNode): Promise<number> {
  try {
    return (await node.call('rabbit_nodes', 'all_running')).split('@').length - 1
  } catch {
    return 0
  }
}
