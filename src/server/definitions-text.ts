/*
 * The text of the definitions file, and back. What is read is judged field by field: a file that was
 * edited by hand and is wrong stops the start with the place of the fault, and never lets anybody in.
 */

import { HomingError } from '../errors.ts'
import { type Policy, type PolicyValue, policyTargets } from '../virtual-host/definitions.ts'
import { policyFault } from '../virtual-host/policy.ts'
import {
  type DefinitionsState,
  type Permission,
  type PolicyRecord,
  pairKey,
  type TopicPermission,
  type UserRecord,
  type VirtualHostRecord,
} from './definitions-state.ts'
import { isPasswordHash } from './password.ts'
import { patternFault } from './permission-pattern.ts'

const format = 'homing definitions'
const version = 1

export function stateText(state: DefinitionsState): string {
  const policies = state.policies.map((policy) => ({
    ...policy,
    definition: Object.fromEntries(policy.definition),
  }))
  const content = {
    format,
    version,
    replySecret: state.replySecret,
    vhosts: [...state.vhosts.values()],
    users: [...state.users.values()],
    permissions: [...state.permissions.values()],
    topicPermissions: [...state.topicPermissions.values()].flat(),
    policies,
    goneVhosts: state.goneVhosts,
  }
  return `${JSON.stringify(content, undefined, 2)}\n`
}

/** Fails with `format-unknown`, naming the place of the fault. */
export function stateFrom(text: string, path: string): DefinitionsState {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (cause) {
    throw new HomingError('format-unknown', `${path} is no JSON; repair it, or restore a copy`, {
      cause,
    })
  }
  const root = new Fields(content, path, 'the file')
  if (root.text('format') !== format) throw root.fault('format', `is not "${format}"`)
  if (root.value('version') !== version) {
    throw root.fault('version', `is not ${version}; use the version of Homing that wrote it`)
  }
  const vhosts = root.list('vhosts').map(vhostFrom)
  const users = root.list('users').map(userFrom)
  const permissions = root.list('permissions').map(permissionFrom)
  const topics = root.list('topicPermissions').map(topicFrom)
  return {
    replySecret: root.text('replySecret'),
    vhosts: new Map(vhosts.map((vhost) => [vhost.name, vhost])),
    users: new Map(users.map((user) => [user.name, user])),
    permissions: new Map(permissions.map((one) => [pairKey(one.user, one.vhost), one])),
    topicPermissions: Map.groupBy(topics, (one) => pairKey(one.user, one.vhost)),
    policies: root.list('policies').map(policyFrom),
    goneVhosts: root.texts('goneVhosts'),
  }
}

const vhostFrom = (fields: Fields): VirtualHostRecord => ({
  name: fields.text('name'),
  description: fields.text('description'),
  defaultQueueType: fields.maybeText('defaultQueueType'),
  connectionsMax: fields.maybeCount('connectionsMax'),
  queuesMax: fields.maybeCount('queuesMax'),
})

function userFrom(fields: Fields): UserRecord {
  const passwordHash = fields.maybeText('passwordHash')
  if (passwordHash !== undefined && !isPasswordHash(passwordHash)) {
    throw fields.fault('passwordHash', 'is none; set the password with homing user password')
  }
  return {
    name: fields.text('name'),
    passwordHash,
    tags: fields.texts('tags'),
    connectionsMax: fields.maybeCount('connectionsMax'),
    channelsMax: fields.maybeCount('channelsMax'),
  }
}

const permissionFrom = (fields: Fields): Permission => ({
  user: fields.text('user'),
  vhost: fields.text('vhost'),
  configure: fields.pattern('configure'),
  write: fields.pattern('write'),
  read: fields.pattern('read'),
})

const topicFrom = (fields: Fields): TopicPermission => ({
  user: fields.text('user'),
  vhost: fields.text('vhost'),
  exchange: fields.text('exchange'),
  write: fields.pattern('write'),
  read: fields.pattern('read'),
})

function policyFrom(fields: Fields): PolicyRecord {
  const applyTo = policyTargets.find((one) => one === fields.value('applyTo'))
  if (applyTo === undefined) throw fields.fault('applyTo', `is none of ${policyTargets.join(', ')}`)
  const priority = fields.value('priority')
  if (!Number.isSafeInteger(priority)) throw fields.fault('priority', 'is no whole number')
  const operator = fields.value('operator') === true
  const policy: Policy = {
    name: fields.text('name'),
    pattern: fields.pattern('pattern'),
    applyTo,
    priority: priority as number,
    definition: new Map(Object.entries(fields.object('definition') as Record<string, PolicyValue>)),
  }
  const fault = policyFault({ ...policy, operator })
  if (fault !== undefined) throw fields.fault('definition', `is wrong: ${fault}`)
  return { ...policy, vhost: fields.text('vhost'), operator }
}

/** The fields of one object of the file. */
class Fields {
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #path: string
  readonly #place: string

  constructor(value: unknown, path: string, place: string) {
    this.#path = path
    this.#place = place
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new HomingError('format-unknown', `${path}: ${place} is no object`)
    }
    this.#fields = value as Readonly<Record<string, unknown>>
  }

  fault(name: string, what: string): HomingError {
    return new HomingError('format-unknown', `${this.#path}: ${name} of ${this.#place} ${what}`)
  }

  value(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined
  }

  text(name: string): string {
    const value = this.value(name)
    if (typeof value === 'string') return value
    throw this.fault(name, 'is no text')
  }

  maybeText(name: string): string | undefined {
    return this.value(name) === undefined ? undefined : this.text(name)
  }

  maybeCount(name: string): number | undefined {
    const value = this.value(name)
    if (value === undefined) return undefined
    if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
    throw this.fault(name, 'is no whole number from 0')
  }

  pattern(name: string): string {
    const pattern = this.text(name)
    const fault = patternFault(pattern)
    if (fault === undefined) return pattern
    throw this.fault(name, fault)
  }

  object(name: string): object {
    const value = this.value(name)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
    throw this.fault(name, 'is no object')
  }

  texts(name: string): readonly string[] {
    const value = this.value(name)
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
    throw this.fault(name, 'is no list of texts')
  }

  list(name: string): readonly Fields[] {
    const value = this.value(name)
    if (!Array.isArray(value)) throw this.fault(name, 'is no list')
    return value.map((one, n) => new Fields(one, this.#path, `${name}[${n}]`))
  }
}
