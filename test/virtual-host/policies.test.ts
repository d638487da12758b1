import assert from 'node:assert/strict'
import { test } from 'node:test'
import type {
  Definitions,
  Policy,
  PolicyValue,
  VirtualHostLimits,
} from '../../src/virtual-host/definitions.ts'
import { policyFault } from '../../src/virtual-host/policy.ts'
import {
  binding,
  channelOf,
  exchangeNamed,
  messageTo,
  openHosts,
  publish,
  queueNamed,
  refusal,
} from './opened-host.ts'

class Kept implements Definitions {
  policies: Policy[] = []
  operatorPolicies: Policy[] = []
  limits: VirtualHostLimits = { connectionsMax: undefined, queuesMax: undefined }
  queueType: string | undefined
  #told: ((virtualHost: string) => void) | undefined

  policiesOf(): readonly Policy[] {
    return this.policies
  }

  operatorPoliciesOf(): readonly Policy[] {
    return this.operatorPolicies
  }

  limitsOf(): VirtualHostLimits {
    return this.limits
  }

  defaultQueueTypeOf(): string | undefined {
    return this.queueType
  }

  matches(pattern: string, name: string): boolean {
    return new RegExp(pattern).test(name)
  }

  onChange(told: (virtualHost: string) => void): () => void {
    this.#told = told
    return () => {
      this.#told = undefined
    }
  }

  changed(): void {
    this.#told?.('/')
  }
}

const policy = (
  definition: Readonly<Record<string, PolicyValue>>,
  more: Partial<Policy> = {},
): Policy => ({
  ...{ name: 'p', pattern: '^q', applyTo: 'all', priority: 0, ...more },
  definition: new Map(Object.entries(definition)),
})

test('a policy gives queues its settings, also those that are there, and takes them away again', async () => {
  const definitions = new Kept()
  await using opened = await openHosts({ definitions })
  const { host, broker } = opened
  await host.declareQueue(channelOf(), queueNamed('q', { args: { 'x-max-length': 10 } }))
  await host.declareQueue(channelOf(), queueNamed('other'))
  const settings = (name: string) => broker.door.queue(name)?.queue.settings
  definitions.policies = [
    policy({ 'max-length': 5, 'message-ttl': 1000, 'dead-letter-exchange': 'amq.fanout' }),
    policy({ 'max-length': 1 }, { priority: -1 }),
    policy({ 'max-length': 2 }, { applyTo: 'exchanges', priority: 9 }),
  ]
  definitions.changed()
  assert.equal(settings('q')?.depthMax, 5)
  assert.equal(settings('q')?.messageTtlMs, 1000)
  assert.deepEqual(settings('q')?.deadLetter, { exchange: 'amq.fanout' })
  assert.equal(settings('other')?.depthMax, undefined)
  const again = queueNamed('q', { args: { 'x-max-length': 10 } })
  assert.equal(await refusal(() => host.declareQueue(channelOf(), again)), 'accepted')
  definitions.policies = []
  definitions.changed()
  assert.equal(settings('q')?.depthMax, 10)
  assert.equal(settings('q')?.messageTtlMs, undefined)
})

test('the smaller limit counts, a name in the arguments stands before a policy', async () => {
  const definitions = new Kept()
  definitions.policies = [policy({ 'message-ttl': 9000, overflow: 'reject-publish' })]
  definitions.operatorPolicies = [policy({ 'max-length': 7, 'message-ttl': 100 })]
  await using opened = await openHosts({ definitions })
  const { host, broker } = opened
  const args = { 'x-message-ttl': 500, 'x-overflow': 'reject-publish-dlx', 'x-max-length': 20 }
  await host.declareQueue(channelOf(), queueNamed('q1', { args }))
  await host.declareQueue(channelOf(), queueNamed('q2'))
  const settings = (name: string) => broker.door.queue(name)?.queue.settings
  assert.equal(settings('q1')?.messageTtlMs, 100)
  assert.equal(settings('q1')?.overflow, 'reject-dead-letter')
  assert.equal(settings('q1')?.depthMax, 7)
  assert.equal(settings('q2')?.overflow, 'reject')
})

test('a policy gives an exchange its alternate, and takes it away again', async () => {
  const definitions = new Kept()
  await using opened = await openHosts({ definitions })
  const { host } = opened
  await host.declareExchange(channelOf(), exchangeNamed('qx', 'direct'))
  await host.declareQueue(channelOf(), queueNamed('rest'))
  await host.bindQueue(channelOf(), binding('rest', 'amq.fanout'))
  assert.equal(await publish(host, messageTo('qx', 'k')), 'unroutable')
  definitions.policies = [policy({ 'alternate-exchange': 'amq.fanout' })]
  definitions.changed()
  assert.equal(await publish(host, messageTo('qx', 'k')), 'done')
  definitions.policies = []
  definitions.changed()
  assert.equal(await publish(host, messageTo('qx', 'k')), 'unroutable')
})

test('a quorum queue has a delivery limit of 20 unless it or a policy says otherwise', async () => {
  const definitions = new Kept()
  definitions.policies = [policy({ 'delivery-limit': 5 }, { pattern: '^q3' })]
  await using opened = await openHosts({ definitions })
  const { host, broker } = opened
  const quorum = { 'x-queue-type': 'quorum' }
  const limit = async (name: string, args: Readonly<Record<string, string | number>>) => {
    await host.declareQueue(channelOf(), queueNamed(name, { args: { ...quorum, ...args } }))
    return broker.door.queue(name)?.queue.settings.deliveryLimit
  }
  assert.equal(await limit('q1', {}), 20)
  assert.equal(await limit('q2', { 'x-delivery-limit': 3 }), 3)
  assert.equal(await limit('q3', {}), 5)
  assert.equal(await limit('q4', { 'x-delivery-limit': -1 }), undefined)
})

test('a virtual host has room for so many queues as its limit says', async () => {
  const definitions = new Kept()
  definitions.limits = { connectionsMax: undefined, queuesMax: 1 }
  await using opened = await openHosts({ definitions })
  const { host, hosts } = opened
  const declare = (name: string) => refusal(() => host.declareQueue(channelOf(), queueNamed(name)))
  assert.equal(await declare('q'), 'accepted')
  assert.equal(await declare('q'), 'accepted')
  assert.equal(
    await declare('r'),
    "406 cannot declare queue 'r': queue limit in vhost '/' (1) is reached",
  )
  await host.deleteQueue(channelOf(), 'q', false, false)
  assert.equal(await declare('r'), 'accepted')
  await hosts.host('shop').declareQueue(channelOf(), queueNamed('q'))
})

test('a default queue type is that of queues that can have it, and is part of their arguments', async () => {
  const definitions = new Kept()
  definitions.queueType = 'quorum'
  await using opened = await openHosts({ definitions })
  const { host } = opened
  await host.declareQueue(channelOf(), queueNamed('q'))
  await host.declareQueue(channelOf(), queueNamed('t', { exclusive: true }))
  assert.equal(host.queues.find('q')?.declared.type, 'quorum')
  assert.equal(host.queues.find('t')?.declared.type, 'classic')
  const quorum = { args: { 'x-queue-type': 'quorum' } }
  for (const request of [queueNamed('q'), queueNamed('q', quorum)])
    assert.equal(await refusal(() => host.declareQueue(channelOf(), request)), 'accepted')
})

test('a policy that means nothing here is refused by what is wrong with it', () => {
  const fault = (definition: Readonly<Record<string, PolicyValue>>, more: Partial<Policy> = {}) =>
    policyFault(policy(definition, more))
  assert.equal(fault({ 'max-length': 1, overflow: 'drop-head' }), undefined)
  assert.equal(fault({}), 'the definition is empty')
  assert.match(fault({ 'ha-mode': 'all' }) ?? '', /^'ha-mode' is not supported: .*mirrored/)
  for (const slip of ['max-lenght', 'x-max-length'])
    assert.match(fault({ [slip]: 1 }) ?? '', /is not supported; did you mean 'max-length'\?$/)
  assert.equal(fault({ 'federation-upstream': 'x' }), "'federation-upstream' is not supported")
  assert.match(fault({ 'alternate-exchange': 'é'.repeat(128) }) ?? '', /at most 255 bytes/)
  assert.match(fault({ 'max-length': -1 }) ?? '', /^'max-length' must be a whole number from 0/)
  assert.match(fault({ expires: 0 }) ?? '', /^'expires' must be a whole number from 1/)
  assert.match(fault({ overflow: 'x' }) ?? '', /^'overflow' must be one of/)
  assert.match(fault({ 'message-ttl': 1 }, { priority: 1.5 }) ?? '', /^priority/)
  const operators = { ...policy({ 'alternate-exchange': 'x' }), operator: true }
  assert.match(policyFault(operators) ?? '', /cannot be set by an operator policy/)
})
