/*
 * RabbitMQ as the scenarios need it: users, virtual hosts, policies, and limits small enough to meet.
 * A Homing broker that is compared with it gets the same.
 */

import { type Rabbitmq, startRabbitmq } from '../rabbitmq.ts'
import { laneCount, laneName } from './play.ts'

/** As Homing's own limit, which cannot be set. */
export const messageBytesMax = 16 * 1024 * 1024

const lanes = Array.from({ length: laneCount }, (_, lane) => laneName(lane))

interface User {
  readonly name: string
  readonly password: string
  /** One at most. */
  readonly tags: string
  readonly limits?: { readonly 'max-connections'?: number; readonly 'max-channels'?: number }
}

interface Parameter {
  readonly component: string
  readonly name: string
  readonly vhost: string
  readonly value: { readonly 'max-connections'?: number; readonly 'max-queues'?: number }
}

interface Permission {
  readonly user: string
  readonly vhost: string
  readonly configure: string
  readonly write: string
  readonly read: string
}

const everything = { configure: '.*', write: '.*', read: '.*' }

/** As `rabbitmqctl export_definitions` writes them. */
export const definitions = {
  users: [
    { name: 'guest', password: 'guest', tags: 'administrator' },
    // Nothing but what is called own.…, and nothing at all in the virtual host `closed`.
    { name: 'limited', password: 'secret', tags: '' },
    { name: 'mimic', password: 'secret', tags: 'impersonator' },
    { name: 'narrow', password: 'secret', tags: '', limits: { 'max-connections': 1 } },
    { name: 'flat', password: 'secret', tags: '', limits: { 'max-channels': 2 } },
  ] as readonly User[],
  vhosts: ['/', 'closed', 'full', 'few', 'beside', ...lanes].map((name) => ({ name })),
  permissions: [
    ...['/', 'full', 'few', 'beside', ...lanes].map((vhost) => ({
      user: 'guest',
      vhost,
      ...everything,
    })),
    ...lanes.flatMap((vhost): readonly Permission[] => [
      { user: 'limited', vhost, configure: '^own', write: '^own', read: '^(own|readable)' },
      ...['mimic', 'narrow', 'flat'].map((user) => ({ user, vhost, ...everything })),
    ]),
  ],
  topic_permissions: lanes.map((vhost) => ({
    user: 'limited',
    vhost,
    exchange: 'own.topic',
    write: '^allowed',
    read: '^allowed',
  })),
  parameters: [
    { component: 'vhost-limits', name: 'limits', vhost: 'full', value: { 'max-connections': 0 } },
    { component: 'vhost-limits', name: 'limits', vhost: 'few', value: { 'max-queues': 1 } },
  ] as readonly Parameter[],
  policies: lanes.flatMap((vhost) => [
    {
      ...{ vhost, name: 'short-lived', pattern: '^policy-ttl', priority: 5 },
      ...{ 'apply-to': 'queues', definition: { 'message-ttl': 100 } },
    },
    {
      ...{ vhost, name: 'small', pattern: '^policy-length', priority: 1 },
      ...{ 'apply-to': 'queues', definition: { 'max-length': 2 } },
    },
    {
      ...{ vhost, name: 'large', pattern: '^policy-', priority: 0 },
      ...{ 'apply-to': 'queues', definition: { 'max-length': 100 } },
    },
    {
      ...{ vhost, name: 'letters', pattern: '^policy-letters', priority: 2 },
      'apply-to': 'queues',
      definition: { 'dead-letter-exchange': '', 'dead-letter-routing-key': 'policy-grave' },
    },
    {
      ...{ vhost, name: 'alternate', pattern: '^policy-exchange', priority: 0 },
      ...{ 'apply-to': 'exchanges', definition: { 'alternate-exchange': 'policy-spare' } },
    },
  ]),
}

export const startOracle = (port?: number): Promise<Rabbitmq> =>
  startRabbitmq({
    definitions,
    config: [`max_message_size = ${messageBytesMax}`],
    ...(port !== undefined && { port }),
  })
