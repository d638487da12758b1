import { Buffer } from 'node:buffer'
import type { StoredOutcome } from '../../../message/outcome.ts'

/** Data of an error, as an outcome has it. */
export const jsonBody = (data: unknown): Pick<StoredOutcome, 'contentType' | 'body'> => ({
  contentType: 'application/json',
  body: Buffer.from(JSON.stringify(data)),
})
