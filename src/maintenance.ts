/*
 * The door for those who look after data directories: `import { verify } from 'homing/maintenance'`.
 * What is here reads files, never through an engine, and changes nothing that is stored.
 */

export {
  DirectoryReading,
  type PendingMessage,
  type ReadingOptions,
  readDirectory,
} from './embedded/directory-reading.ts'
export { type VerifyOptions, verify } from './embedded/verify.ts'
export type { Finding, VerifyReport } from './embedded/verify-report.ts'
export type { DeadLetter } from './engine.ts'
export type { Message } from './message/message.ts'
export type { StoredOutcome } from './message/outcome.ts'
export { baseName, scopedName } from './scoped-name.ts'
