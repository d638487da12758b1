/*
 * A private node of rabbitmq-server: the oracle that transcripts, interop tests and the bench
 * compare with.
 *
 *   await using rabbitmq = await startRabbitmq()
 *   connect('127.0.0.1', rabbitmq.port)          // guest, guest, vhost /
 *
 * It has a directory, an epmd, a cookie and ports of its own, so several nodes live side by side and
 * none touches a RabbitMQ that the machine runs. It is ready when it greets a client (4 s after the
 * start), and it is killed at the end, not shut down: nothing on its disk is needed again.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  freePorts,
  lackingRabbitmq,
  type NodeConfiguration,
  RabbitmqNode,
  startEpmd,
} from './rabbitmq-node.ts'

export { lackingRabbitmq }

export interface RabbitmqOptions extends NodeConfiguration {
  /** A free one by default. */
  readonly port?: number
}

export interface Rabbitmq extends AsyncDisposable {
  readonly port: number
  /** Of the broker's process, for measuring it. */
  readonly pid: number
  /** `rabbitmqctl` with these arguments; resolves with what it printed. Takes a second or two. */
  ctl(...args: string[]): Promise<string>
  /** A function inside of it; quicker than `ctl`. */
  call(module: string, name: string): Promise<string>
  /** Shuts it down in order and starts it again on the same files and port; `pid` is another then. */
  restart(): Promise<void>
  /** The two halves of `restart`; a kill is no shutdown in order. */
  stopServer(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  startServer(): Promise<void>
  /** Ends it at once and removes its files. Also what `await using` does. */
  stop(): Promise<void>
}

export async function startRabbitmq(options: RabbitmqOptions = {}): Promise<Rabbitmq> {
  const lacking = lackingRabbitmq()
  if (lacking !== false) throw new Error(lacking)
  const directory = mkdtempSync(join(tmpdir(), 'homing-rabbitmq-'))
  const [ownPort = 0, distributionPort = 0, epmdPort = 0] = await freePorts(3)
  const { port = ownPort } = options
  const name = `homing-test-${port}@localhost`
  const node = new RabbitmqNode(
    { name, directory, home: directory, port, distributionPort, epmdPort },
    options,
  )
  const epmd = startEpmd(epmdPort)
  const kill = (): void => {
    node.kill()
    epmd.kill()
  }
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    process.off('exit', kill)
    await Promise.all([node.stop('SIGKILL'), epmd.stop()])
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await node.start()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    port,
    get pid() {
      return node.pid
    },
    ctl: (...args) => node.ctl(...args),
    call: (module, name) => node.call(module, name),
    async restart() {
      await node.stop()
      await node.start()
    },
    stopServer: (signal) => node.stop(signal),
    startServer: () => node.start(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
