import type { QueueSettings } from '../engine.ts'

/**
 * What the library asks for a queue that an AMQP client declared: what the client declared stays, or
 * the client could not declare it again. Limits on deliveries are the library's own.
 */
export function keepingDeclared(
  there: QueueSettings | undefined,
  asked: QueueSettings,
): QueueSettings {
  if (there?.declaration === undefined) return asked
  const { rate, concurrencyMax, perKey, ...declared } = there
  return { ...declared, ...asked }
}

/** What a client's declaration or a policy makes of a queue, with the library's limits on deliveries. */
export function keepingLimits(
  there: QueueSettings | undefined,
  declared: QueueSettings,
): QueueSettings {
  const { rate, concurrencyMax, perKey } = there ?? {}
  return {
    ...declared,
    ...(rate && { rate }),
    ...(concurrencyMax !== undefined && { concurrencyMax }),
    ...(perKey && { perKey }),
  }
}
