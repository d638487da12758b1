/*
 * One end of the wire that writes down what it is told, for calls and for events alike.
 */

import { type CallTaker, readCall } from '../../src/port-wire/calls.ts'
import { type EventTaker, readEvent } from '../../src/port-wire/events.ts'
import { FrameBatch } from '../../src/port-wire/frame-batch.ts'
import { FrameReader } from '../../src/port-wire/frame-reader.ts'

export type Told = readonly [name: string, ...values: readonly unknown[]]

/** Whatever is asked of it is written down. */
function listener<T extends object>(told: Told[]): T {
  const names: Readonly<Record<string, unknown>> = { queueOf: () => 'q', idOf: () => 'id' }
  return new Proxy({} as T, {
    get: (_target, name: string) =>
      names[name] ?? ((...values: readonly unknown[]) => told.push([name, ...values])),
  })
}

export function callsIn(bodies: readonly Uint8Array[]): Told[] {
  const told: Told[] = []
  const taker = listener<CallTaker>(told)
  const reader = new FrameReader((type, from) => readCall(type, from, taker))
  for (const body of bodies) reader.read(body)
  return told
}

export function eventsIn(bodies: readonly Uint8Array[]): Told[] {
  const told: Told[] = []
  const taker = listener<EventTaker>(told)
  const reader = new FrameReader((type, from) => readEvent(type, from, taker))
  for (const body of bodies) reader.read(body)
  return told
}

/** What is written into a batch, as the bodies it is sent in. */
export function bodiesOf(write: (batch: FrameBatch) => void): Uint8Array[] {
  const batch = new FrameBatch()
  const bodies: Uint8Array[] = []
  write(batch)
  batch.eachBody((body) => bodies.push(Uint8Array.from(body)))
  return bodies
}
