/*
 * The process that has the data directory: it works in it directly, and lets others join.
 *
 *   lock ─▶ engine open ─▶ DIR/homing.sock ─▶ somebody connects ─▶ the protocol is loaded ─▶ served
 *   close ─▶ socket gone ─▶ joiners told, what they hold goes back ─▶ engine closed ─▶ lock released
 *
 * Rule: until somebody connects there is a socket and nothing else. Opening does not wait for it.
 */

import type net from 'node:net'
import type { Broker } from '../embedded/broker.ts'
import type { DirectoryLock } from '../embedded/directory-lock.ts'
import type { EngineOptions } from '../embedded/engine-options.ts'
import { openDirectory } from '../embedded/open.ts'
import { HomingError } from '../errors.ts'
import type { JoinerServer } from '../server/joiner-server.ts'
import { type OwnerSocket, openOwnerSocket } from './owner-socket.ts'

/** Fails with `locked` when another process has the directory, and as opening an engine does. */
export async function openAsOwner(directory: string, options: EngineOptions): Promise<Broker> {
  const { engine, lock } = await openDirectory(directory, options, { joinable: true, waitMs: 0 })
  const door = new OwnerDoor(engine, directory, lock, options.onProblem)
  const close = engine.close.bind(engine)
  let closing: Promise<void> | undefined
  engine.close = () => {
    closing ??= door.close().finally(close)
    return closing
  }
  return engine
}

export const isLocked = (error: unknown): boolean =>
  error instanceof HomingError && error.code === 'locked'

class OwnerDoor {
  readonly #engine: Broker
  readonly #directory: string
  readonly #onProblem: (text: string) => void
  readonly #socket: Promise<OwnerSocket | undefined>
  #server: Promise<JoinerServer> | undefined
  #isClosing = false

  constructor(
    engine: Broker,
    directory: string,
    lock: DirectoryLock,
    onProblem: (text: string) => void,
  ) {
    this.#engine = engine
    this.#directory = directory
    this.#onProblem = onProblem
    this.#socket = openOwnerSocket(directory, lock, (socket) => void this.#take(socket))
  }

  async #take(socket: net.Socket): Promise<void> {
    if (this.#isClosing) {
      socket.destroy()
      return
    }
    this.#server ??= this.#serve()
    try {
      const server = await this.#server
      server.take(socket)
    } catch (error) {
      this.#server = undefined
      socket.destroy()
      this.#onProblem(`another process could not join ${this.#directory}: ${error}`)
    }
  }

  async #serve(): Promise<JoinerServer> {
    const { openJoinerServer } = await import('../server/joiner-server.ts')
    return openJoinerServer(this.#engine, this.#directory, this.#onProblem)
  }

  async close(): Promise<void> {
    this.#isClosing = true
    const socket = await this.#socket
    socket?.close()
    await (await this.#server?.catch(() => undefined))?.stop()
  }
}
