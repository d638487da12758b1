/*
 * The campaign of hostile clients against `homing serve` in a process of its own, with a stopwatch:
 *
 *   node scripts/hostile-clients.ts [--port 21250] [--seconds 10] [--connections 10000] [ATTACK…]
 *
 *   broker ◀── healthy client (this process): 2,000 messages a second, confirmed and consumed
 *      ▲────── attackers (another process)
 *
 * Passes when the healthy client keeps 80 % of what it managed alone, the broker's memory stays under its
 * limit, and `connection.blocked` is sent and lifted. Only 127.0.0.1 is ever attacked.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  type AttackName,
  attacks,
  type Healthy,
  healthyClient,
} from '../test/amqp/server/hostile-clients.ts'
import { SocketClient } from '../test/amqp/server/socket-client.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '21250' },
    seconds: { type: 'string', default: '10' },
    connections: { type: 'string', default: '10000' },
    // Of the attackers' process only.
    attack: { type: 'string' },
  },
})

const port = Number(values.port)
const seconds = Number(values.seconds)
const perSecond = 2_000
const shareMin = 0.8
const memoryLimitMib = 512
const counts: Readonly<Record<AttackName, number>> = {
  idle: Number(values.connections),
  slow: 1_500,
  'long-frames': 100,
  'bad-logins': 100,
  deaf: 1,
  endless: 1,
}
const isAttack = (name: string): name is AttackName => Object.hasOwn(attacks, name)

if (values.attack !== undefined && isAttack(values.attack)) await attack(values.attack)
else process.exitCode = (await campaign()) ? 0 : 1

/** The attackers' process: tells when it is under way, ends when it is told to. */
async function attack(name: AttackName): Promise<void> {
  const stopping = new AbortController()
  process.once('SIGTERM', () => stopping.abort())
  await attacks[name]({ port }, counts[name], stopping.signal, () => console.log('begun'))
}

async function campaign(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'homing-hostile-'))
  const broker = await served(join(folder, 'data'))
  try {
    const names =
      positionals.length > 0 ? positionals.filter(isAttack) : (Object.keys(attacks) as AttackName[])
    const alone = await measured(broker)
    console.log(`alone          ${line(alone)}`)
    let isGood = true
    for (const name of names) {
      const under = await attacked(broker, name)
      const good = under.perSecond >= shareMin * alone.perSecond && under.memoryMib < memoryLimitMib
      console.log(`${name.padEnd(14)} ${line(under)}  ${good ? 'good' : 'NOT GOOD'}`)
      isGood &&= good
    }
    return (await blockedAndLifted(broker)) && isGood
  } finally {
    broker.kill('SIGTERM')
    await once(broker, 'exit')
    rmSync(folder, { recursive: true, force: true })
  }
}

async function served(data: string): Promise<ChildProcess> {
  const built = join(import.meta.dirname, '../dist/cli/serve.js')
  const bin = existsSync(built)
    ? join(import.meta.dirname, '../dist/cli/bin.js')
    : join(import.meta.dirname, '../src/cli/bin.ts')
  const words = [
    'serve',
    '--data',
    data,
    '--amqp-port',
    String(port),
    '--no-http',
    '--log-level',
    'warn',
  ]
  const broker = spawn(
    process.execPath,
    [bin, ...words, '--memory-limit', `${memoryLimitMib / 2}MiB`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  await once(broker.stdout, 'data')
  return broker
}

interface Measured {
  readonly perSecond: number
  readonly memoryMib: number
  /** Share of one core. */
  readonly cpu: number
  readonly blocks: number
}

async function measured(broker: ChildProcess): Promise<Measured> {
  await using healthy = await healthyClient({ port }, perSecond)
  return await during(broker, healthy)
}

async function during(broker: ChildProcess, healthy: Healthy): Promise<Measured> {
  await pause(1_000)
  const [from, cpuFrom, startMs] = [healthy.consumed, cpuSeconds(broker), performance.now()]
  let memoryMib = 0
  while (performance.now() - startMs < seconds * 1_000) {
    await pause(100)
    memoryMib = Math.max(memoryMib, memoryOf(broker))
  }
  const spent = (performance.now() - startMs) / 1_000
  return {
    perSecond: (healthy.consumed - from) / spent,
    memoryMib,
    cpu: (cpuSeconds(broker) - cpuFrom) / spent,
    blocks: healthy.blocks,
  }
}

async function attacked(broker: ChildProcess, name: AttackName): Promise<Measured> {
  await using healthy = await healthyClient({ port }, perSecond)
  const words = ['--attack', name, '--port', values.port, '--connections', values.connections]
  const attackers = spawn(process.execPath, [import.meta.filename, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(attackers.stdout, 'data')
  const under = await during(broker, healthy)
  attackers.kill('SIGTERM')
  await Promise.race([once(attackers, 'exit'), pause(5_000)])
  attackers.kill('SIGKILL')
  return under
}

/** A flood into a queue without end: blocked below the limit, and lifted when it is purged. */
async function blockedAndLifted(broker: ChildProcess): Promise<boolean> {
  using flood = await SocketClient.open({ port })
  using other = await SocketClient.open({ port })
  await flood.queue(1, 'flood')
  await other.queue(1, 'flood')
  let isBlocked = false
  let blocks = 0
  flood.onMethod = ({ method }) => {
    if (method.name === 'connection.blocked') blocks++
    if (method.name.startsWith('connection.')) isBlocked = method.name === 'connection.blocked'
  }
  const body = Buffer.alloc(100_000, 'x')
  let memoryMib = 0
  while (!isBlocked) {
    if (flood.socket.writableLength < 1e6) flood.publish(1, 'flood', body).flush()
    memoryMib = Math.max(memoryMib, memoryOf(broker))
    await new Promise((resolve) => setImmediate(resolve))
  }
  other.send(1, { name: 'queue.purge', queue: 'flood', nowait: false }).flush()
  const { messageCount } = await other.expect('queue.purge-ok')
  for (let tries = 0; isBlocked && tries < 100; tries++) await pause(100)
  const isGood = !isBlocked && memoryMib < memoryLimitMib
  const lifted = isBlocked ? 'not lifted' : 'lifted after a purge'
  console.log(
    `flood          blocked ${blocks} time(s) with ${messageCount} messages, ${lifted}; ${memoryMib.toFixed(0)} MiB  ${isGood ? 'good' : 'NOT GOOD'}`,
  )
  return isGood
}

function line({ perSecond: rate, memoryMib, cpu, blocks }: Measured): string {
  const blocked = blocks > 0 ? `  blocked ${blocks} times` : ''
  const memory = memoryMib.toFixed(0).padStart(4)
  return `${rate.toFixed(0).padStart(6)} messages/s  ${memory} MiB  ${(100 * cpu).toFixed(0).padStart(3)} % of a core${blocked}`
}

function memoryOf({ pid }: ChildProcess): number {
  const [, kib = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) / 1_024
}

function cpuSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')
  return (Number(fields[13]) + Number(fields[14])) / 100
}
