/*
 * Users, in RabbitMQ's shapes. What a user loses ends sessions and connections at once.
 */

import { z } from 'zod'
import { HomingError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Change } from '../../server/definitions-state.ts'
import { addUser, changeUser, deleteUser, type UserSettings } from '../../server/user-changes.ts'
import { type Route, route } from '../route.ts'
import { listOf } from '../shapes/page.ts'
import { permissionShape, topicPermissionShape, userShape } from '../shapes/user.ts'
import { userObjects } from './account-objects.ts'
import { created, doneAnswers, noContent, putAnswers, unknownThing } from './answers.ts'
import { keptPassword, passwordMembers } from './given-password.ts'
import { listed, listQuery } from './list-query.ts'
import { looseBoolean, tagsShape } from './request-shapes.ts'
import { showingOf } from './showing.ts'

const tag = 'Users'
const listAnswers = { 200: { description: 'The users.', schema: listOf(userShape) } }

const userBody = z.object({
  tags: tagsShape.optional(),
  /** What there was before tags. */
  administrator: looseBoolean.optional(),
  ...passwordMembers,
})

const bulkDeletion = z.object({ users: z.array(z.string()).max(limits.definitionsMax) })

const listRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/users',
    summary: 'List users',
    tag,
    access: 'administrator',
    query: listQuery,
    answers: listAnswers,
    handle: ({ site, query }) => listed(userObjects(showingOf(site)), query, ['name']),
  }),
  route({
    method: 'get',
    path: '/api/users/without-permissions',
    summary: 'List users who may enter no virtual host',
    tag,
    access: 'administrator',
    query: listQuery,
    answers: listAnswers,
    handle({ site, query }) {
      const users = userObjects(showingOf(site))
      return listed(
        users.filter(({ homing }) => homing.vhosts.length === 0),
        query,
        ['name'],
      )
    },
  }),
  route({
    method: 'get',
    path: '/api/users/{user}',
    summary: 'Read a user',
    tag,
    access: 'administrator',
    answers: { 200: { description: 'The user.', schema: userShape } },
    handle({ site, param }) {
      const user = userObjects(showingOf(site)).find(({ name }) => name === param('user'))
      if (user === undefined) throw unknownThing(`user "${param('user')}"`)
      return { json: user }
    },
  }),
  route({
    method: 'get',
    path: '/api/users/{user}/permissions',
    summary: 'List what a user may do, by virtual host',
    tag,
    access: 'administrator',
    query: listQuery,
    answers: { 200: { description: 'The permissions.', schema: listOf(permissionShape) } },
    handle: ({ site, param, query }) =>
      listed(site.accounts.permissionsOf(param('user')), query, ['vhost']),
  }),
  route({
    method: 'get',
    path: '/api/users/{user}/topic-permissions',
    summary: 'List which routing keys a user may use, by exchange',
    tag,
    access: 'administrator',
    query: listQuery,
    answers: { 200: { description: 'The permissions.', schema: listOf(topicPermissionShape) } },
    handle: ({ site, param, query }) =>
      listed(site.accounts.topicPermissionsOf(param('user')), query, ['vhost', 'exchange']),
  }),
]

const changeRoutes: readonly Route[] = [
  route({
    method: 'put',
    path: '/api/users/{user}',
    summary: 'Add a user, or give one a password and tags; without a password the old one stays',
    tag,
    access: 'administrator',
    body: userBody,
    answers: putAnswers,
    async handle({ site, param, body }) {
      const name = param('user')
      const { password, password_hash } = body
      const tags = givenTags(name, body)
      const passwordHash = await keptPassword(body)
      const { definitions } = site
      const isThere = definitions.state.users.has(name)
      definitions.change(userPut(name, isThere, { tags, passwordHash, password, password_hash }))
      return isThere ? noContent : created
    },
  }),
  route({
    method: 'delete',
    path: '/api/users/{user}',
    summary: 'Delete a user with all permissions',
    tag,
    access: 'administrator',
    answers: doneAnswers,
    handle({ site, param }) {
      site.accounts.deleteUser(param('user'))
      return noContent
    },
  }),
  route({
    method: 'post',
    path: '/api/users/bulk-delete',
    summary: 'Delete several users: all of them or none',
    tag,
    access: 'administrator',
    body: bulkDeletion,
    answers: doneAnswers,
    handle({ site, body }) {
      site.definitions.change(...body.users.map(deleteUser))
      return noContent
    },
  }),
]

/** Left out they would be taken for none, and an administrator be one no more. Fails with `bad-argument`. */
function givenTags(name: string, given: z.infer<typeof userBody>): readonly string[] {
  const { tags, administrator } = given
  if (tags !== undefined) return tags
  if (administrator !== undefined) return administrator ? ['administrator'] : []
  throw new HomingError('bad-argument', `tags of user "${name}" are missing; give "" for none`)
}

interface UserPut {
  readonly tags: readonly string[]
  readonly passwordHash: string | undefined
  readonly password: string | undefined
  readonly password_hash: string | undefined
}

/** An empty hash takes the password away; nothing given leaves it. */
export function userPut(name: string, isThere: boolean, given: UserPut): Change {
  const { tags, passwordHash } = given
  if (!isThere) return addUser({ name, passwordHash, tags })
  const isLeft = given.password_hash === undefined && !given.password
  const settings: UserSettings = { tags: [...new Set(tags)], ...(!isLeft && { passwordHash }) }
  return changeUser(name, settings)
}

export const userRoutes: readonly Route[] = [...listRoutes, ...changeRoutes]
