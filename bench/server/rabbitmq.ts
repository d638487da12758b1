/*
 * RabbitMQ, with nothing of the machine's own installation but its programs: node name, ports,
 * Erlang cookie, port mapper, data, logs and configuration are all inside one fresh directory.
 *
 * Debian's /usr/sbin wrapper changes to the user rabbitmq and back into /var/lib; the script behind
 * it does not, so that one is run. Its foreground mode replaces the shell by Erlang itself, which
 * makes the child's process id the server's.
 */

import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { connect } from 'amqplib'
import { findProgram, freePort, type ServerProcess, startServer } from './server-process.ts'

export interface RabbitServer extends ServerProcess {
  readonly port: number
  readonly version: string
}

export const rabbitAptLine = 'apt-get install rabbitmq-server'

/** Undefined when rabbitmq-server is not installed. */
export async function startRabbit(directory: string): Promise<RabbitServer | undefined> {
  const command = findProgram('/usr/lib/rabbitmq/bin/rabbitmq-server', 'rabbitmq-server')
  const portMapper = findProgram('epmd')
  if (command === undefined || portMapper === undefined) return undefined
  mkdirSync(directory, { recursive: true })
  const [port, distributionPort, mapperPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  const env = environment(directory, port, distributionPort, mapperPort)
  const mapper = await startServer({
    command: portMapper,
    args: ['-port', String(mapperPort), '-address', '127.0.0.1'],
    logFile: join(directory, 'epmd.log'),
    probe: () => answersTcp(mapperPort),
    startMsMax: 10_000,
  })
  try {
    return await startBroker({ command, directory, env, port, mapper })
  } catch (cause) {
    await mapper.stop()
    throw cause
  }
}

interface BrokerStart {
  readonly command: string
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  readonly port: number
  readonly mapper: ServerProcess
}

async function startBroker(start: BrokerStart): Promise<RabbitServer> {
  let version = 'unknown'
  const server = await startServer({
    command: start.command,
    args: [],
    env: start.env,
    logFile: join(start.directory, 'rabbitmq.log'),
    probe: async () => {
      version = await versionOf(start.port)
    },
    startMsMax: 60_000,
  })
  const stop = async (): Promise<void> => {
    await server.stop()
    await start.mapper.stop()
  }
  return { child: server.child, stop, port: start.port, version }
}

function environment(
  directory: string,
  port: number,
  distributionPort: number,
  mapperPort: number,
): Record<string, string> {
  const at = (name: string): string => join(directory, name)
  writeFileSync(at('rabbitmq.conf'), `listeners.tcp.1 = 127.0.0.1:${port}\n`)
  writeFileSync(at('env.conf'), '')
  writeFileSync(at('plugins'), '[].\n')
  return {
    HOME: directory,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(mapperPort),
    RABBITMQ_ALLOW_INPUT: '1',
    RABBITMQ_SERVER_START_ARGS: '-noinput',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_NODENAME: `homing-bench-${process.pid}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_BASE: directory,
    RABBITMQ_MNESIA_BASE: at('mnesia'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_LOGS: at('log/rabbit.log'),
    RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: at('advanced.config'),
    RABBITMQ_CONF_ENV_FILE: at('env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('plugins'),
    RABBITMQ_GENERATED_CONFIG_DIR: at('generated'),
    RABBITMQ_FEATURE_FLAGS_FILE: at('feature_flags'),
    RABBITMQ_PID_FILE: at('pid'),
  }
}

async function answersTcp(port: number): Promise<void> {
  const socket = connectTcp(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.destroy()
}

async function versionOf(port: number): Promise<string> {
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${port}`)
  const { version } = connection.connection.serverProperties
  await connection.close()
  return String(version)
}
