import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HomingError } from '../errors.ts'
import { emptyState } from './definitions-state.ts'
import { DefinitionsStore } from './definitions-store.ts'
import { stateFrom, stateText } from './definitions-text.ts'
import { Policies, type PolicyGiven } from './policies.ts'
import { addVirtualHost } from './virtual-host-changes.ts'

function opened(): { definitions: DefinitionsStore; policies: Policies } {
  const definitions = new DefinitionsStore(emptyState)
  definitions.change(addVirtualHost('/'), addVirtualHost('shop'))
  return { definitions, policies: new Policies(definitions) }
}

const short = { vhost: '/', name: 'short', pattern: '^log', definition: { 'max-length': 10 } }

test('policies are set, changed, listed in the order in which they count, and deleted', () => {
  const { definitions, policies } = opened()
  policies.set(short)
  policies.set({ ...short, pattern: '^logs' })
  policies.set({ ...short, operator: true, applyTo: 'classic_queues' })
  policies.set({ ...short, name: 'first', priority: 5 })
  policies.set({ ...short, vhost: 'shop' })
  const listed = (vhost?: string) =>
    policies.list(vhost).map((one) => `${one.vhost} ${one.name}${one.operator ? ' operator' : ''}`)
  assert.deepEqual(listed(), ['/ first', '/ short', '/ short operator', 'shop short'])
  assert.deepEqual(listed('shop'), ['shop short'])
  assert.deepEqual(policies.list('/')[1], {
    ...short,
    ...{ pattern: '^logs', operator: false, applyTo: 'all', priority: 0 },
  })
  assert.equal(definitions.operatorPoliciesOf('/')[0]?.applyTo, 'classic_queues')
  const again = new Policies(new DefinitionsStore(stateFrom(stateText(definitions.state), 'file')))
  assert.deepEqual(again.list(), policies.list())
  policies.delete(short)
  assert.deepEqual(listed('/'), ['/ first', '/ short operator'])
  policies.delete({ ...short, operator: true })
  assert.deepEqual(listed('/'), ['/ first'])
})

test('a policy that is wrong is refused by what is wrong with it, and changes nothing', () => {
  const { definitions, policies } = opened()
  const { state } = definitions
  const refused: readonly (readonly [code: string, says: RegExp, given: object])[] = [
    ['bad-argument', /the pattern is no regular expression/, { pattern: '(' }],
    ['bad-argument', /pattern is a text/, { pattern: 1 }],
    ['bad-argument', /pattern has 2000 of at most/, { pattern: 'x'.repeat(2_000) }],
    ['bad-argument', /did you mean 'max-length'/, { definition: { 'max-lenght': 1 } }],
    ['bad-argument', /'max-length' must be a whole number/, { definition: { 'max-length': '1' } }],
    ['bad-argument', /'overflow' must be one of/, { definition: { overflow: 'drop' } }],
    ['bad-argument', /the definition is empty/, { definition: {} }],
    ['bad-argument', /the definition is no object/, { definition: [1] }],
    ['bad-argument', /the definition is no object/, { definition: null }],
    ['bad-argument', /applyTo is "queue"; give one of all, queues/, { applyTo: 'queue' }],
    ['bad-argument', /priority is a whole number/, { priority: '5' }],
    ['bad-argument', /operator is true or false/, { operator: 'yes' }],
    [
      'bad-argument',
      /cannot be set by an operator policy/,
      { operator: true, definition: { 'dead-letter-exchange': 'x' } },
    ],
    ['bad-name', /name of the policy/, { name: '' }],
    ['definition-unknown', /no virtual host "nowhere"/, { vhost: 'nowhere' }],
    ['unknown-option', /did you mean "pattern"/, { patern: 'x' }],
  ]
  for (const [code, says, given] of refused) {
    assert.throws(
      () => policies.set({ ...short, ...given } as PolicyGiven),
      (error: HomingError) => error.code === code && says.test(error.message),
      JSON.stringify(given),
    )
  }
  for (const name of [short, { ...short, vhost: 'nowhere' }])
    assert.throws(() => policies.delete(name), { name: 'HomingError', code: 'definition-unknown' })
  assert.throws(() => policies.list('nowhere'), HomingError)
  assert.equal(definitions.state, state)
})

test('a file whose policies are wrong stops the start with the place of the fault', () => {
  const { definitions, policies } = opened()
  policies.set(short)
  const text = stateText(definitions.state)
  for (const [from, to, says] of [
    ['"^log"', '"("', /pattern of policies\[0\] is no regular expression/],
    ['"max-length"', '"max-lenght"', /definition of policies\[0\] .*did you mean/],
  ] as const)
    assert.throws(() => stateFrom(text.replace(from, to), 'file'), says)
})
