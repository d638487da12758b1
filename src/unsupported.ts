import { HomingError } from './errors.ts'

/** What an engine answers when it is asked for what its table of guarantees refuses. */
export function unsupported(engine: string, feature: string, why: string): HomingError {
  return new HomingError(
    'unsupported',
    `the engine "${engine}" refuses ${feature}: ${why}; docs/guarantees.md has the table of all engines`,
    { data: { engine, feature } },
  )
}
