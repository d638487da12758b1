/*
 * What a session asks of the virtual host it is in: who may do what, and where queues are.
 *
 * Names are those of the client, without the virtual host.
 */

import type { QueueSettings } from '../engine.ts'

export interface PortAccess {
  readonly virtualHost: string
  /** Who the consumers of the session are, for people. */
  readonly connectionName: string
  readonly userName: string
  /** Whether errors may be told with the paths and users of this machine in them. */
  readonly mayKnowMachine: boolean
  /** Fails with `access-refused`, `exchange-unknown`, `queue-full` … as for an AMQP publish. */
  checkPublish(exchange: string, routingKey: string): void
  /** Nobody sends in the name of somebody else. Fails with `bad-argument`. */
  checkSender(properties: Uint8Array): void
  /** Outcomes may go to the queues of callbacks. */
  checkCallbacks(names: readonly string[]): void
  checkConsume(queue: string): void
  checkDeclare(queue: string, settings: QueueSettings): void
  checkPurge(queue: string): void
  /** To pause and to resume. */
  checkPause(queue: string): void
  /** Where the copy goes is a path of this machine. Fails with `access-refused`. */
  checkBackup(): void
  /** Whether the user may read what is in the queue, and what became of it. */
  mayRead(queue: string): boolean
  /** Whether the queue may be shown in a list. */
  maySee(queue: string): boolean
  /**
   * Whether ids may be asked for, whatever queue they are in: who may send to any queue under an id
   * is told its outcome anyway.
   */
  readonly mayAskById: boolean
  /** Fails with `access-refused`. */
  refuse(what: string): never
}

/** Where events go. */
export interface PortSink {
  /** Sends a body now; its bytes are copied before this returns. */
  send(body: Uint8Array): void
  /** False while the client does not read what it was sent. Then `resume` follows some time. */
  hasRoom(): boolean
  /** Calls `endOfTurn` once at the end of this turn. */
  atEndOfTurn(writer: { endOfTurn(): void }): void
  /** Why publishers are to wait; undefined when they are not. Then `resume` follows some time. */
  blockedFor(): string | undefined
}
