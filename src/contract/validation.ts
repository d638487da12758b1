/*
 * Validation by any Standard Schema. A validator may answer at once or with a promise; the answer is
 * passed on as it is, so that the usual case, at once, costs no turn of the event loop.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { HomingError } from '../errors.ts'
import type { Schema } from './contract.ts'

/** One thing that does not fit, as it is stored and shown. */
export interface Issue {
  readonly message: string
  /** Keys from the root to the value. */
  readonly path: readonly (string | number)[]
}

export type Checked =
  | { readonly fits: true; readonly value: unknown }
  | { readonly fits: false; readonly issues: readonly Issue[] }

const issuesMax = 50

/** Parses the value; without a schema it fits as it is. Never throws, never rejects. */
export function checkAgainst(
  schema: Schema | undefined,
  value: unknown,
): Checked | Promise<Checked> {
  if (schema === undefined) return { fits: true, value }
  try {
    const result = schema['~standard'].validate(value)
    return result instanceof Promise ? result.then(toChecked, toThrown) : toChecked(result)
  } catch (error) {
    return toThrown(error)
  }
}

function toChecked(result: StandardSchemaV1.Result<unknown>): Checked {
  if (result.issues === undefined) return { fits: true, value: result.value }
  return { fits: false, issues: result.issues.slice(0, issuesMax).map(toIssue) }
}

function toThrown(error: unknown): Checked {
  return misfit(
    `the schema itself threw: ${error instanceof Error ? error.message : String(error)}`,
  )
}

export function misfit(message: string): Checked & { readonly fits: false } {
  return { fits: false, issues: [{ message, path: [] }] }
}

function toIssue(issue: StandardSchemaV1.Issue): Issue {
  return {
    message: issue.message,
    // Not `map`: some libraries give an array of a class of their own, and that is not plain data.
    path: Array.from(issue.path ?? [], (segment) => {
      const key = typeof segment === 'object' ? segment.key : segment
      return typeof key === 'symbol' ? String(key) : key
    }),
  }
}

/** `$.tags[2]: expected a text; $.url: …` */
export function describeIssues(issues: readonly Issue[]): string {
  const shown = issues.slice(0, 3).map(({ path, message }) => {
    const where = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')
    return `$${where}: ${message}`
  })
  const more = issues.length - shown.length
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '')
}

/** The error of a call whose value does not fit its contract. */
export function invalidError(
  what: string,
  side: 'input' | 'output',
  issues: readonly Issue[],
): HomingError {
  return new HomingError(
    'invalid',
    `${what} does not fit its contract: ${describeIssues(issues)}`,
    {
      data: { side, issues },
    },
  )
}
