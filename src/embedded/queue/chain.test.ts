import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Chain, type Link } from './chain.ts'

class One implements Link<One> {
  readonly name: number
  before: One | undefined
  after: One | undefined

  constructor(name: number) {
    this.name = name
  }
}

test('a chain gives what was added in that order, whatever was taken out of it', () => {
  const step = fc.oneof(fc.constant('add' as const), fc.nat(20))
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const chain = new Chain<One>()
      let model: One[] = []
      for (const [n, one] of steps.entries()) {
        if (one === 'add') {
          model.push(new One(n))
          chain.add(model.at(-1) as One)
        } else if (model.length > 0) {
          const gone = model[one % model.length] as One
          model = model.filter((other) => other !== gone)
          chain.delete(gone)
        }
        assert.deepEqual(
          [...chain].map(({ name }) => name),
          model.map(({ name }) => name),
        )
        assert.equal(chain.size, model.length)
      }
    }),
  )
})

test('what is taken out while it is walked is not missed', () => {
  const chain = new Chain<One>()
  for (let n = 0; n < 5; n++) chain.add(new One(n))
  const seen: number[] = []
  for (const one of chain) {
    seen.push(one.name)
    chain.delete(one)
  }
  assert.deepEqual(seen, [0, 1, 2, 3, 4])
  assert.equal(chain.size, 0)
})
