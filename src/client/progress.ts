import { json } from '../contract/json-codec.ts'
import { invalidError } from '../contract/validation.ts'
import { readValue, type Written, writeValue } from './body.ts'
import type { Bound } from './bound.ts'
import type { OpenDelivery } from './open-delivery.ts'

/** Values kept for a slow reader; older ones are dropped first. */
const keptMax = 1_000

/** The values reported for one message, until its outcome is there. `known` fails for a wrong id. */
export async function* progressOf(
  bound: Bound,
  id: string,
  known: () => Promise<void>,
): AsyncGenerator<unknown, void, undefined> {
  const { engine, contract, waits } = bound
  const seen: { body: Uint8Array; contentType: string }[] = []
  const left = new AbortController()
  let over: { readonly error?: unknown } | undefined
  let wake = (): void => {}
  const end = (how: { readonly error?: unknown }): void => {
    over = how
    wake()
  }
  const unwatch = engine.watchProgress(id, (body, contentType) => {
    seen.push({ body: new Uint8Array(body), contentType })
    if (seen.length > keptMax) seen.shift()
    wake()
  })
  try {
    await known()
    waits.outcome(contract, id, { signal: left.signal }).then(
      () => end({}),
      (error: unknown) => end({ error }),
    )
    for (;;) {
      const next = seen.shift()
      if (next !== undefined) {
        const checked = await readValue(contract.progress, json, next.contentType, next.body)
        if (checked.fits) yield checked.value
      } else if (over !== undefined) {
        if ('error' in over) throw over.error
        return
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  } finally {
    unwatch()
    left.abort()
  }
}

/** Passes on a value that a handler reports. Fails with `invalid`, `unserialisable`. */
export function reportProgress(
  bound: Bound,
  open: OpenDelivery,
  value: unknown,
): void | Promise<void> {
  const { contract, engine, log } = bound
  const report = (written: Written): void => {
    if (!written.fits) {
      throw invalidError(`progress of queue "${contract.name}"`, 'output', written.issues)
    }
    // A late attempt has nothing to report any more.
    if (open.state === 'ended') return
    engine.reportProgress(open.delivery, written.body, written.contentType)
  }
  const written = writeValue(contract.progress, json, value)
  if (!(written instanceof Promise)) return report(written)
  const reported = written.then(report)
  // Handlers seldom await it; what went wrong must not end the process then.
  reported.catch((error: unknown) => log.warn({ error, id: open.id }, 'progress was not reported'))
  return reported
}
