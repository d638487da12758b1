/*
 * Who may call what, said a second time and by hand: the test of every route × every role compares the
 * table of routes with this one. A new route needs its line here.
 *
 *   METHOD PATH        LEVEL  [in: `seen` or `entered`]  [rights]
 *
 * `seen`: the user may enter the virtual host of the path, or is monitoring. `entered`: the user may enter it.
 */

import type { Access } from '../../src/http/access.ts'
import type { Right } from '../../src/virtual-host/port.ts'

export interface ExpectedAccess {
  readonly level: Access
  readonly in?: 'seen' | 'entered'
  readonly rights?: readonly Right[]
  /** Any right on the queue will do; monitoring needs none. */
  readonly anyRight?: true
  /** A body with which the call gets as far as its handler, where `{}` does not. */
  readonly body?: object
}

const configure: readonly Right[] = ['configure']
const write: readonly Right[] = ['write']
const read: readonly Right[] = ['read']
const bind: readonly Right[] = ['write', 'read']

const toQueue = '/api/bindings/{vhost}/e/{source}/q/{destination}'
const toExchange = '/api/bindings/{vhost}/e/{source}/e/{destination}'
const check = 'get /api/health/checks'
const publish = { routing_key: 'q', payload: 'x' }
const permission = { configure: '', write: '', read: '' }
const topicPermission = { exchange: 'x', write: '', read: '' }
const policy = { pattern: '^none$', definition: { 'max-length': 1 } }

const ofQueue = '/api/queues/{vhost}/{queue}'
const delivery = 'post /api/deliveries/{delivery}'

/** What has no virtual host in its path means `/` when its query names none. */
const messageAccess: Readonly<Record<string, ExpectedAccess>> = {
  [`post ${ofQueue}/messages`]: { level: 'user', in: 'entered', rights: write },
  [`post ${ofQueue}/batch`]: { level: 'user', in: 'entered', rights: write, body: [{ body: 1 }] },
  [`get ${ofQueue}/messages`]: { level: 'user', in: 'seen', rights: read },
  [`get ${ofQueue}/messages/{position}`]: { level: 'user', in: 'seen', rights: read },
  [`delete ${ofQueue}/messages`]: { level: 'user', in: 'entered', rights: read },
  [`post ${ofQueue}/deliveries`]: { level: 'user', in: 'entered', rights: read },
  [`post ${ofQueue}/pause`]: { level: 'management', in: 'entered', rights: configure },
  [`post ${ofQueue}/resume`]: { level: 'management', in: 'entered', rights: configure },
  [`get ${ofQueue}/figures`]: { level: 'user', in: 'seen', anyRight: true },

  [delivery]: { level: 'user' },
  [`${delivery}/error`]: { level: 'user' },
  [`${delivery}/retry`]: { level: 'user' },
  [`${delivery}/reject`]: { level: 'user' },
  [`${delivery}/return`]: { level: 'user' },
  [`${delivery}/lease`]: { level: 'user' },
  [`${delivery}/progress`]: { level: 'user' },

  // By id: who may send under any id may ask.
  'get /api/outcomes/{id}': { level: 'user', in: 'seen', rights: write },
  'get /api/messages/{id}': { level: 'user', in: 'seen', rights: write },
  'delete /api/messages/{id}': { level: 'user', in: 'entered', rights: write },
  'get /api/dead-letters/{id}': { level: 'user', in: 'seen', rights: write },
  'post /api/dead-letters/{id}/replay': { level: 'user', in: 'entered' },
  'delete /api/dead-letters/{id}': { level: 'user', in: 'entered' },

  // Lists show what the user may read.
  'get /api/outcomes': { level: 'user' },
  'get /api/failures': { level: 'user' },
  'get /api/dead-letters': { level: 'user' },
  'post /api/dead-letters/replay': { level: 'user' },
  'post /api/dead-letters/drop': { level: 'user' },
  'get /api/callbacks': { level: 'user' },
  'get /api/not-home': { level: 'user' },
  'get /api/delayed': { level: 'user' },
  'get /api/schedules': { level: 'user' },
  'get /api/figures/queues': { level: 'user' },
  'get /api/figures': { level: 'monitoring' },

  'get /api/events': { level: 'monitoring' },
  'get /api/outcome-events': { level: 'user', in: 'seen' },
}

export const expectedAccess: Readonly<Record<string, ExpectedAccess>> = {
  ...messageAccess,

  'get /healthz': { level: 'open' },
  'get /readyz': { level: 'open' },
  // Who may read them is a setting of its own, tested in metrics.test.ts.
  'get /metrics': { level: 'open' },
  'get /metrics/per-object': { level: 'open' },
  'get /metrics/detailed': { level: 'open' },
  'get /api/openapi.json': { level: 'open' },
  'post /api/session': { level: 'open' },
  'delete /api/session': { level: 'open' },
  'get /api/session': { level: 'user' },
  'put /api/session/password': { level: 'user' },

  'get /api/overview': { level: 'management' },
  'get /api/cluster-name': { level: 'management' },
  'get /api/extensions': { level: 'management' },
  'get /api/whoami': { level: 'management' },
  'get /api/nodes': { level: 'monitoring' },
  'get /api/nodes/{node}': { level: 'monitoring' },

  'get /api/vhosts': { level: 'management' },
  'get /api/vhosts/{vhost}': { level: 'management', in: 'seen' },
  'put /api/vhosts/{vhost}': { level: 'administrator' },
  'delete /api/vhosts/{vhost}': { level: 'administrator' },
  'get /api/vhosts/{vhost}/permissions': { level: 'administrator' },
  'get /api/vhosts/{vhost}/topic-permissions': { level: 'administrator' },
  'get /api/vhosts/{vhost}/connections': { level: 'management', in: 'seen' },
  'get /api/vhosts/{vhost}/channels': { level: 'management', in: 'seen' },

  'get /api/users': { level: 'administrator' },
  'get /api/users/without-permissions': { level: 'administrator' },
  'get /api/users/{user}': { level: 'administrator' },
  'put /api/users/{user}': { level: 'administrator' },
  'delete /api/users/{user}': { level: 'administrator' },
  'get /api/users/{user}/permissions': { level: 'administrator' },
  'get /api/users/{user}/topic-permissions': { level: 'administrator' },
  'post /api/users/bulk-delete': { level: 'administrator', body: { users: [] } },
  'get /api/permissions': { level: 'administrator' },
  'get /api/permissions/{vhost}/{user}': { level: 'administrator' },
  'put /api/permissions/{vhost}/{user}': { level: 'administrator', body: permission },
  'delete /api/permissions/{vhost}/{user}': { level: 'administrator' },
  'get /api/topic-permissions': { level: 'administrator' },
  'get /api/topic-permissions/{vhost}/{user}': { level: 'administrator' },
  'put /api/topic-permissions/{vhost}/{user}': { level: 'administrator', body: topicPermission },
  'delete /api/topic-permissions/{vhost}/{user}': { level: 'administrator' },

  'get /api/vhost-limits': { level: 'management' },
  'get /api/vhost-limits/{vhost}': { level: 'management', in: 'seen' },
  'put /api/vhost-limits/{vhost}/{limit}': { level: 'administrator', body: { value: -1 } },
  'delete /api/vhost-limits/{vhost}/{limit}': { level: 'administrator' },
  'get /api/user-limits': { level: 'administrator' },
  'get /api/user-limits/{user}': { level: 'administrator' },
  'put /api/user-limits/{user}/{limit}': { level: 'administrator', body: { value: -1 } },
  'delete /api/user-limits/{user}/{limit}': { level: 'administrator' },

  'get /api/policies': { level: 'management' },
  'get /api/policies/{vhost}': { level: 'management', in: 'seen' },
  'get /api/policies/{vhost}/{name}': { level: 'management', in: 'seen' },
  'put /api/policies/{vhost}/{name}': { level: 'policymaker', in: 'entered', body: policy },
  'delete /api/policies/{vhost}/{name}': { level: 'policymaker', in: 'entered' },
  'get /api/operator-policies': { level: 'management' },
  'get /api/operator-policies/{vhost}': { level: 'management', in: 'seen' },
  'get /api/operator-policies/{vhost}/{name}': { level: 'management', in: 'seen' },
  'put /api/operator-policies/{vhost}/{name}': {
    level: 'administrator',
    in: 'entered',
    body: policy,
  },
  'delete /api/operator-policies/{vhost}/{name}': { level: 'administrator', in: 'entered' },
  'get /api/parameters': { level: 'policymaker' },
  'get /api/parameters/{component}': { level: 'policymaker' },
  'get /api/parameters/{component}/{vhost}': { level: 'policymaker', in: 'seen' },
  'get /api/parameters/{component}/{vhost}/{name}': { level: 'policymaker', in: 'seen' },
  'put /api/parameters/{component}/{vhost}/{name}': { level: 'policymaker', in: 'entered' },
  'delete /api/parameters/{component}/{vhost}/{name}': { level: 'policymaker', in: 'entered' },
  'get /api/global-parameters': { level: 'policymaker' },
  'put /api/global-parameters/{name}': { level: 'administrator' },
  'delete /api/global-parameters/{name}': { level: 'administrator' },

  'get /api/exchanges': { level: 'management' },
  'get /api/exchanges/{vhost}': { level: 'management', in: 'seen' },
  'get /api/exchanges/{vhost}/{exchange}': { level: 'management', in: 'seen' },
  'put /api/exchanges/{vhost}/{exchange}': {
    level: 'management',
    in: 'entered',
    rights: configure,
    body: { type: 'topic' },
  },
  'delete /api/exchanges/{vhost}/{exchange}': {
    level: 'management',
    in: 'entered',
    rights: configure,
  },
  'get /api/exchanges/{vhost}/{exchange}/bindings/source': { level: 'management', in: 'seen' },
  'get /api/exchanges/{vhost}/{exchange}/bindings/destination': { level: 'management', in: 'seen' },
  'post /api/exchanges/{vhost}/{exchange}/publish': {
    level: 'management',
    in: 'entered',
    rights: write,
    body: publish,
  },

  'get /api/queues': { level: 'management' },
  'get /api/queues/{vhost}': { level: 'management', in: 'seen' },
  'get /api/queues/{vhost}/{queue}': { level: 'management', in: 'seen' },
  'get /api/queues/{vhost}/{queue}/bindings': { level: 'management', in: 'seen' },
  'put /api/queues/{vhost}/{queue}': { level: 'management', in: 'entered', rights: configure },
  'delete /api/queues/{vhost}/{queue}': { level: 'management', in: 'entered', rights: configure },
  'delete /api/queues/{vhost}/{queue}/contents': {
    level: 'management',
    in: 'entered',
    rights: read,
  },
  'post /api/queues/{vhost}/{queue}/actions': {
    level: 'management',
    in: 'entered',
    rights: configure,
    body: { action: 'sync' },
  },
  'post /api/queues/{vhost}/{queue}/get': { level: 'management', in: 'entered', rights: read },

  'get /api/bindings': { level: 'management' },
  'get /api/bindings/{vhost}': { level: 'management', in: 'seen' },
  [`get ${toQueue}`]: { level: 'management', in: 'seen' },
  [`post ${toQueue}`]: { level: 'management', in: 'entered', rights: bind },
  [`get ${toQueue}/{properties}`]: { level: 'management', in: 'seen' },
  [`delete ${toQueue}/{properties}`]: { level: 'management', in: 'entered', rights: bind },
  [`get ${toExchange}`]: { level: 'management', in: 'seen' },
  [`post ${toExchange}`]: { level: 'management', in: 'entered', rights: bind },
  [`get ${toExchange}/{properties}`]: { level: 'management', in: 'seen' },
  [`delete ${toExchange}/{properties}`]: { level: 'management', in: 'entered', rights: bind },

  'get /api/connections': { level: 'management' },
  'get /api/connections/{connection}': { level: 'management' },
  'delete /api/connections/{connection}': { level: 'management' },
  'get /api/connections/{connection}/channels': { level: 'management' },
  'get /api/channels': { level: 'management' },
  'get /api/channels/{channel}': { level: 'management' },
  'delete /api/channels/{channel}/consumers/{consumer}': { level: 'management' },
  'get /api/consumers': { level: 'management' },
  'get /api/consumers/{vhost}': { level: 'management', in: 'seen' },

  'get /api/definitions': { level: 'administrator' },
  'post /api/definitions': { level: 'administrator' },
  'get /api/definitions/{vhost}': { level: 'administrator' },
  'post /api/definitions/{vhost}': { level: 'administrator' },

  [`${check}/alarms`]: { level: 'management' },
  [`${check}/local-alarms`]: { level: 'management' },
  [`${check}/port-listener/{port}`]: { level: 'management' },
  [`${check}/protocol-listener/{protocol}`]: { level: 'management' },
  [`${check}/virtual-hosts`]: { level: 'management' },
  [`${check}/certificate-expiration/{within}/{unit}`]: { level: 'management' },
  [`${check}/node-is-quorum-critical`]: { level: 'management' },
  [`${check}/node-is-mirror-sync-critical`]: { level: 'management' },
  [`${check}/is-in-service`]: { level: 'management' },
  [`${check}/ready-to-serve-clients`]: { level: 'management' },
  'get /api/aliveness-test/{vhost}': {
    level: 'management',
    in: 'entered',
    rights: ['configure', 'write', 'read'],
  },

  'get /api/audit': { level: 'administrator' },
  'post /api/backup': { level: 'administrator' },
}
