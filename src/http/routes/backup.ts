/*
 * A backup while the server runs, into a folder that was set when it was started.
 *
 * Rule: the client gives a name, never a path: one word of letters, digits and `._-` that begins with none
 * of the last. So nothing outside the folder can be written.
 */

import { join } from 'node:path'
import { z } from 'zod'
import { HomingError } from '../../errors.ts'
import { type Route, route } from '../route.ts'

const backupBody = z.strictObject({
  /** Default: the time, such as `2026-01-31T12-00-00Z`. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'give letters, digits and ._- without a slash')
    .optional(),
})

const backupShape = z.object({
  name: z.string(),
  files: z.number(),
  bytes: z.number(),
  /** Everything up to this log sequence number is in it. */
  lsn: z.number(),
  startedAtMs: z.number(),
  finishedAtMs: z.number(),
})

export const backupRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/backup',
    summary: 'Copy the data directory while it is in use, into the folder for backups',
    tag: 'Backup',
    access: 'administrator',
    body: backupBody,
    answers: { 201: { description: 'The backup is whole and on disk.', schema: backupShape } },
    async handle({ site, body }) {
      const { name = timeName(site.clock.wallMs()) } = body
      const { backupFolder } = site.settings
      if (backupFolder === undefined) {
        throw new HomingError(
          'unsupported',
          'the server was started without a folder for backups; set http.backup_folder',
        )
      }
      const { files, bytes, lsn, startedAtMs, finishedAtMs } = await site.engine
        .backup(join(backupFolder, name))
        .catch((thrown: unknown) => {
          throw withoutPath(thrown, name)
        })
      return { status: 201, json: { name, files, bytes, lsn, startedAtMs, finishedAtMs } }
    },
  }),
]

/** Where backups are on this machine is nobody's matter who asks for one. */
function withoutPath(thrown: unknown, name: string): unknown {
  if (!(thrown instanceof HomingError) || thrown.code !== 'bad-argument') return thrown
  const text = `there is something by the name "${name}" in the folder for backups; give another name`
  return new HomingError('bad-argument', text, { cause: thrown })
}

const timeName = (wallMs: number): string =>
  new Date(wallMs).toISOString().slice(0, 19).replaceAll(':', '-').concat('Z')
