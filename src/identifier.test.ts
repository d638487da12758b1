import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idSource } from './identifier.ts'

const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

test('an id is a UUIDv7 that holds its time', () => {
  const mint = idSource(() => 1_795_248_879_064)
  const id = mint()
  assert.match(id, uuidV7)
  assert.equal(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16), 1_795_248_879_064)
})

test('ids of one source rise, within a millisecond and when the clock steps back', () => {
  let nowMs = 1_795_248_879_064
  const mint = idSource(() => nowMs)
  let last = mint()
  for (let n = 0; n < 20_000; n++) {
    if (n % 5_000 === 0) nowMs -= 1_000
    const id = mint()
    assert.match(id, uuidV7)
    assert.ok(id > last, `${id} follows ${last}`)
    last = id
  }
})

test('the same time and randomness mint the same ids again', () => {
  const source = () => {
    let n = 0
    return idSource(
      () => 1_000,
      () => (n = (n * 31 + 7) & 0xffff),
    )
  }
  const [one, two] = [source(), source()]
  for (let n = 0; n < 10; n++) assert.equal(one(), two())
})
