import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ExchangeType } from './exchange.ts'
import { Routing } from './routing.ts'

type Step =
  | {
      readonly op: 'declare'
      readonly name: string
      readonly type: ExchangeType
      readonly alternate: string
    }
  | { readonly op: 'delete'; readonly name: string }
  | {
      readonly op: 'bind' | 'unbind'
      readonly source: string
      readonly to: string
      readonly key: string
    }
  | { readonly op: 'removeQueue'; readonly name: string }
  | { readonly op: 'route'; readonly name: string; readonly key: string }

interface ModelBinding {
  readonly source: string
  readonly to: string
  readonly key: string
}

/** Two lists, searched from end to end. */
class Model {
  exchanges = new Map<string, { type: ExchangeType; alternate: string }>()
  bindings: ModelBinding[] = []

  apply(step: Exclude<Step, { op: 'route' }>): void {
    const same = (b: ModelBinding) =>
      'to' in step && b.source === step.source && b.to === step.to && b.key === step.key
    if (step.op === 'declare' && !this.exchanges.has(step.name))
      this.exchanges.set(step.name, { type: step.type, alternate: step.alternate })
    if (step.op === 'delete') {
      this.exchanges.delete(step.name)
      this.bindings = this.bindings.filter((b) => b.source !== step.name && b.to !== step.name)
    }
    if (step.op === 'bind' && !this.bindings.some(same)) this.bindings.push(step)
    if (step.op === 'unbind') this.bindings = this.bindings.filter((b) => !same(b))
    if (step.op === 'removeQueue') this.bindings = this.bindings.filter((b) => b.to !== step.name)
  }

  route(name: string, key: string, reached = new Set<string>()): Set<string> {
    const exchange = this.exchanges.get(name)
    if (reached.has(name) || exchange === undefined) return reached
    reached.add(name)
    const matching = this.bindings.filter(
      (b) => b.source === name && matches(exchange.type, b.key, key),
    )
    for (const { to } of matching) {
      if (to.startsWith('q')) reached.add(to)
      else this.route(to, key, reached)
    }
    if (matching.length === 0) this.route(exchange.alternate, key, reached)
    return reached
  }
}

function matches(type: ExchangeType, pattern: string, key: string): boolean {
  if (type === 'fanout') return true
  return type === 'direct' ? pattern === key : topic(pattern.split('.'), key.split('.'))
}

function topic([word, ...rest]: readonly string[], key: readonly string[]): boolean {
  if (word === undefined) return key.length === 0
  if (word === '#')
    return topic(rest, key) || (key.length > 0 && topic([word, ...rest], key.slice(1)))
  return key.length > 0 && (word === '*' || word === key[0]) && topic(rest, key.slice(1))
}

const name = fc.constantFrom('e1', 'e2', 'e3')
const queueName = fc.constantFrom('q1', 'q2', 'q3')
const pattern = fc.constantFrom('a', 'b', 'a.b', '*', '#', 'a.#', '*.b', '#.b.#')
const key = fc.constantFrom('a', 'b', 'a.b', 'a.b.a', 'b.b')
const bindingStep = <Op extends 'bind' | 'unbind'>(op: Op) =>
  fc.record({ op: fc.constant(op), source: name, to: fc.oneof(name, queueName), key: pattern })
const declareStep = fc.record({
  op: fc.constant('declare' as const),
  name,
  type: fc.constantFrom<ExchangeType>('direct', 'fanout', 'topic'),
  alternate: name,
})
const steps: fc.Arbitrary<readonly Step[]> = fc
  .array(
    fc.oneof(
      { arbitrary: declareStep, weight: 3 },
      { arbitrary: bindingStep('bind'), weight: 6 },
      { arbitrary: bindingStep('unbind'), weight: 2 },
      { arbitrary: fc.record({ op: fc.constant('delete' as const), name }), weight: 1 },
      {
        arbitrary: fc.record({ op: fc.constant('removeQueue' as const), name: queueName }),
        weight: 1,
      },
      { arbitrary: fc.record({ op: fc.constant('route' as const), name, key }), weight: 6 },
    ),
    { maxLength: 40, size: 'max' },
  )
  .map((list) => [...(['e1', 'e2'] as const).map(declared), ...list])

const declared = (e: string): Step => ({ op: 'declare', name: e, type: 'topic', alternate: 'e2' })
const target = (to: string) =>
  ({ kind: to.startsWith('q') ? 'queue' : 'exchange', name: to }) as const

function take(routing: Routing, model: Model, step: Step): void {
  const known = (e: string) => e.startsWith('q') || model.exchanges.has(e)
  if (step.op === 'route') {
    if (!known(step.name)) return
    const found = [...routing.route(step.name, step.key)].sort()
    const expected = [...model.route(step.name, step.key)].filter((to) => to.startsWith('q')).sort()
    assert.deepEqual(found, expected)
    return
  }
  if (step.op === 'bind' && !(known(step.source) && known(step.to))) return
  if (step.op === 'declare' && !known(step.name))
    routing.declareExchange(step.name, { type: step.type, alternate: step.alternate })
  if (step.op === 'bind') routing.bind(step.source, target(step.to), { routingKey: step.key })
  if (step.op === 'unbind') routing.unbind(step.source, target(step.to), { routingKey: step.key })
  if (step.op === 'delete') routing.deleteExchange(step.name)
  if (step.op === 'removeQueue') routing.removeQueue(step.name)
  model.apply(step)
}

test('whatever is declared, bound and removed, messages go where a plain search says', () => {
  fc.assert(
    fc.property(steps, fc.nat(40), (list, restoredAt) => {
      let routing = new Routing()
      const model = new Model()
      list.forEach((step, n) => {
        if (n === restoredAt)
          routing = Routing.restore(JSON.parse(JSON.stringify(routing.snapshot())))
        take(routing, model, step)
      })
    }),
    { numRuns: 1_000 },
  )
})
