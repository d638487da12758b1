import { HomingError } from './errors.ts'

/** What an engine answers when it is asked for what its table of guarantees refuses. */
export function unsupported(engine: string, feature: string, why: string): HomingError {
  return new HomingError(
    'unsupported',
    `the engine "${engine}" refuses ${feature}: ${why}; docs/guarantees.md has the table of all engines`,
    { data: { engine, feature } },
  )
}

/** What an optional call of an engine or of a link answers; undefined for one that has no such call. */
export async function able<T>(
  { kind }: { readonly kind: string },
  asked: Promise<T> | undefined,
  feature: string,
): Promise<T> {
  if (asked === undefined) throw unsupported(kind, feature, 'what carries its messages has none')
  return await asked
}
