/*
 * Definitions as RabbitMQ exports and imports them: everything that is declared, and who may use it.
 * Members that are not known are left aside.
 */

import { z } from 'zod'
import { limits } from '../../limits.ts'
import { passwordMembers } from './given-password.ts'
import { looseBoolean, looseCount, objectShape, tagsShape } from './request-shapes.ts'

const listOf = <T extends z.ZodType>(row: T) => z.array(row).max(limits.definitionsMax).default([])

const host = { vhost: z.string().optional() }
const limitValues = z.record(z.string(), looseCount)

const user = z.object({
  name: z.string(),
  tags: tagsShape,
  ...passwordMembers,
  limits: z.union([limitValues, z.array(z.never())]).optional(),
})

const virtualHost = z.object({
  name: z.string(),
  description: z.string().optional(),
  default_queue_type: z.string().nullable().optional(),
  metadata: z
    .object({
      description: z.string().optional(),
      default_queue_type: z.string().nullable().optional(),
    })
    .optional(),
})

const permission = z.object({
  user: z.string(),
  vhost: z.string(),
  configure: z.string(),
  write: z.string(),
  read: z.string(),
})

const topicPermission = permission.omit({ configure: true }).extend({ exchange: z.string() })

const policySettings = z.object({
  pattern: z.string(),
  definition: z.record(z.string(), z.unknown()),
  priority: looseCount.default(0),
  'apply-to': z.string().default('all'),
})

const policy = policySettings.extend({ ...host, name: z.string() })

/** Limits of virtual hosts and operator policies are parameters there; others are of plugins. */
const parameter = z.object({
  ...host,
  component: z.string(),
  name: z.string(),
  value: z.unknown(),
})

const queue = z.object({
  ...host,
  name: z.string(),
  durable: looseBoolean.default(true),
  auto_delete: looseBoolean.default(false),
  arguments: objectShape.default({}),
})

const exchange = queue.extend({ type: z.string(), internal: looseBoolean.default(false) })

const binding = z.object({
  ...host,
  source: z.string(),
  destination: z.string(),
  destination_type: z.enum(['queue', 'exchange']),
  routing_key: z.string().default(''),
  arguments: objectShape.default({}),
})

export const definitionsShape = z.object({
  users: listOf(user),
  vhosts: listOf(virtualHost),
  permissions: listOf(permission),
  topic_permissions: listOf(topicPermission),
  parameters: listOf(parameter),
  policies: listOf(policy),
  queues: listOf(queue),
  exchanges: listOf(exchange),
  bindings: z.array(binding).max(limits.bindingsMax).default([]),
})

export const vhostLimitsComponent = 'vhost-limits'
export const operatorPolicyComponent = 'operator_policy'
export const operatorPolicyShape = policySettings
export const vhostLimitsShape = limitValues

export type GivenDefinitions = z.infer<typeof definitionsShape>
