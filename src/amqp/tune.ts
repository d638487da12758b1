/*
 * What client and server agree on before a virtual host is opened (AMQP 0-9-1 §1.4.2.5, §4.9).
 *
 * The client chooses, within what the server offered; 0 stands for "no limit", which is more than
 * any offer. Heartbeats are the exception: whatever the client wants, 0 for none.
 */

import { type AmqpError, notAllowed } from './protocol/amqp-error.ts'

export interface Tuning {
  readonly channelMax: number
  readonly frameMax: number
  /** Seconds; 0 for none. */
  readonly heartbeat: number
}

/** Least that a frame must be able to hold; RabbitMQ 4.1 and later ask for more. */
export const frameMaxLeast = (compat: 'rabbitmq-4.3' | undefined): number =>
  compat === undefined ? 4_096 : 8_192

/** Throws 530 when the client chose what was not offered. */
export function checkTuning(chosen: Tuning, offered: Tuning, frameLeast: number): void {
  checkBounds('frame_max', chosen.frameMax, { least: frameLeast, most: offered.frameMax })
  checkBounds('channel_max', chosen.channelMax, { least: 1, most: offered.channelMax })
}

interface Bounds {
  readonly least: number
  /** 0 for none. */
  readonly most: number
}

function checkBounds(field: string, value: number, { least, most }: Bounds): void {
  if (value !== 0 && value < least) throw outOfBounds(field, value, `lower than the minimum`, least)
  if (most !== 0 && (value === 0 || value > most))
    throw outOfBounds(field, value, 'higher than the maximum', most)
}

function outOfBounds(field: string, value: number, how: string, bound: number): AmqpError {
  const shown = value === 0 ? '0 (no limit)' : `${value}`
  return notAllowed(`negotiated ${field} = ${shown} is ${how} allowed value (${bound})`)
}
