/*
 * A message from its contract, its written input and the sender's options.
 *
 * The deadline counts from the moment the message can first be delivered: a message delayed by two
 * days with `within: '1h'` has its hour after the two days. A child's deadline is never later than
 * its parent's.
 */

import type { AnyContract } from '../contract/contract.ts'
import type { Engine } from '../engine.ts'
import { HomingError } from '../errors.ts'
import type { Message, MessageMeta } from '../message/message.ts'
import type { Written } from './body.ts'
import { parentWork } from './running-work.ts'
import type { ReadSendOptions } from './send-options.ts'

type Body = Written & { readonly fits: true }

export function outgoing(
  engine: Engine,
  contract: AnyContract,
  written: Body,
  options: ReadSendOptions | undefined,
  chosenId: string | undefined,
  mintedId: string | undefined,
): Message {
  const nowMs = engine.nowMs()
  const parent = options?.detached ? undefined : parentWork()
  const availableAtMs = options === undefined ? 0 : availableAt(options, nowMs)
  let deadlineAtMs =
    options?.deadlineAtMs ??
    Math.max(nowMs, availableAtMs) + (options?.withinMs ?? contract.withinMs)
  if (parent !== undefined) deadlineAtMs = Math.min(deadlineAtMs, parent.deadlineAtMs)
  if (options?.deadlineAtMs !== undefined && deadlineAtMs <= availableAtMs) {
    throw new HomingError(
      'bad-argument',
      `the deadline ${new Date(deadlineAtMs).toISOString()} is not after ${new Date(availableAtMs).toISOString()}, when the message can first be delivered; move one of them`,
    )
  }
  const id = chosenId ?? mintedId ?? engine.mintId()
  parent?.adopt(engine, id)
  return {
    id,
    idChosen: chosenId !== undefined,
    exchange: '',
    routingKey: contract.name,
    contentType: written.contentType,
    body: written.body,
    priority: options?.priority ?? contract.priority,
    deadlineAtMs,
    availableAtMs,
    timeoutMs: options?.timeoutMs ?? contract.timeoutMs,
    attemptsMax: options?.attempts ?? contract.attempts,
    meta: metaOf(contract, options?.meta, parent?.id),
  }
}

function availableAt(options: ReadSendOptions, nowMs: number): number {
  if (options.delayMs > 0) return nowMs + options.delayMs
  return options.availableAtMs > nowMs ? options.availableAtMs : 0
}

function metaOf(
  contract: AnyContract,
  given: MessageMeta | undefined,
  parentId: string | undefined,
): MessageMeta | undefined {
  const { backoffMeta } = contract
  if (parentId === undefined) {
    if (given === undefined) return backoffMeta
    return backoffMeta === undefined ? given : { ...given, ...backoffMeta }
  }
  return { ...given, ...backoffMeta, parentId }
}
