/*
 * Waiting for an outcome and printing it: the value to stdout, what failed to stderr.
 */

import type { AnyContract, Duration, Outcome, Receipt } from '../index.ts'
import type { Invocation } from './command.ts'
import type { ExitName } from './exit-codes.ts'
import { jsonLine } from './json-text.ts'
import { failureLine, valueFields, valueText } from './outcome-text.ts'
import { harmless } from './text-width.ts'

export async function awaitOutcome(
  { terminal, stopping }: Invocation,
  receipt: Receipt<AnyContract>,
  timeout: Duration | undefined,
): Promise<ExitName> {
  if (terminal.drawsProgress) terminal.note(`waiting for the outcome of ${receipt.id}`)
  const { signal } = stopping
  const outcome = await receipt.outcome({ signal, ...(timeout !== undefined && { timeout }) })
  if (terminal.json) await terminal.line(waitedJson(outcome))
  else if (outcome.ok) await printValue({ terminal }, outcome.value)
  else {
    const { code, data, attempts } = outcome.error
    const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`
    terminal.error(
      harmless(`${outcome.id} ended as ${code} after ${tries}: ${failureLine(code, data)}`),
    )
  }
  return outcome.ok ? 'ok' : 'outcomeFailed'
}

async function printValue(
  { terminal }: Pick<Invocation, 'terminal'>,
  value: unknown,
): Promise<void> {
  if (value === undefined) return
  if (value instanceof Uint8Array && !terminal.isPerson) return terminal.write(value)
  const text = valueText(value)
  return terminal.line(terminal.isPerson ? harmless(text) : text)
}

/** One line of JSON of an outcome that was waited for. */
export function waitedJson(outcome: Outcome<AnyContract>): string {
  const { id, queue, ok, acceptedAtMs, finishedAtMs } = outcome
  const times = { acceptedAt: new Date(acceptedAtMs), finishedAt: new Date(finishedAtMs) }
  if (ok) {
    const { attempts } = outcome
    return jsonLine({
      id,
      queue,
      ok,
      code: 'ok',
      ...valueFields('value', outcome.value),
      attempts,
      ...times,
    })
  }
  const { code, data, attempts } = outcome.error
  return jsonLine({ id, queue, ok, code, ...valueFields('data', data), attempts, ...times })
}
