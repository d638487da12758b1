/*
 * The audit log, page by page, newest first.
 */

import { z } from 'zod'
import { type Route, route } from '../route.ts'
import { auditPageShape } from '../shapes/audit.ts'

const limitMax = 1_000

const query = z.object({
  limit: z.coerce.number().int().min(1).max(limitMax).default(100),
  /** `next` of the page before. */
  before: z.coerce.number().int().min(1).optional(),
  user: z.string().max(255).optional(),
  result: z.enum(['done', 'refused', 'failed']).optional(),
  /** Part of what was done, or to what. */
  text: z.string().max(255).optional(),
})

export const auditRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/audit',
    summary: 'Read the audit log: who changed what, who logged in, who was refused',
    tag: 'Audit',
    access: 'administrator',
    query,
    answers: { 200: { description: 'A page, newest first.', schema: auditPageShape } },
    async handle({ site, query: asked }) {
      const { records, next } = await site.audit.page(asked)
      return { json: { entries: records, next: next ?? null } }
    },
  }),
]
