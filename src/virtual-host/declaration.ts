/*
 * What was declared of a queue, as it is kept with the queue's settings and compared later on.
 */

import {
  type HeaderTable,
  type PlainEntry,
  plainTable,
  tableFrom,
} from '../embedded/routing/header-value.ts'
import type { QueueSettings } from '../engine.ts'
import type { QueueType } from './queue-arguments.ts'

export interface Declared {
  readonly type: QueueType
  readonly durable: boolean
  readonly exclusive: boolean
  readonly autoDelete: boolean
  readonly args: HeaderTable
  /** Made by the library and not by a client: its settings are the library's, whatever policies say. */
  readonly foreign: boolean
}

/** As JSON. */
export interface PlainDeclaration {
  readonly type: QueueType
  readonly durable: boolean
  readonly exclusive: boolean
  readonly autoDelete: boolean
  readonly args: readonly PlainEntry[]
}

export const plainDeclaration = ({
  type,
  durable,
  exclusive,
  autoDelete,
  args,
}: Declared): PlainDeclaration => ({ type, durable, exclusive, autoDelete, args: plainTable(args) })

/** What was declared of a queue that the engine has. */
export function declaredIn(settings: QueueSettings): Declared {
  const plain = settings.declaration as PlainDeclaration | undefined
  if (plain !== undefined) return { ...plain, args: tableFrom(plain.args), foreign: false }
  return {
    type: 'classic',
    durable: settings.durable !== false,
    exclusive: false,
    autoDelete: false,
    args: new Map(),
    foreign: true,
  }
}
