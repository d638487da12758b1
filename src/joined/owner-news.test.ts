import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OwnerNews } from './owner-news.ts'

function trial() {
  const told: string[] = []
  const timers = new Set<() => void>()
  const after = (_ms: number, run: () => void) => {
    timers.add(run)
    return { cancel: () => void timers.delete(run) }
  }
  const news = new OwnerNews((text) => told.push(text), { after })
  const later = (): void => {
    for (const run of timers) run()
    timers.clear()
  }
  return { news, told, later }
}

test('an owner that is followed soon is no news, one that is missed is, and so is who comes then', () => {
  const { news, told, later } = trial()
  news.lost('lost')
  news.back('back')
  later()
  assert.deepEqual(told, [])
  news.lost('lost')
  later()
  news.back('back')
  assert.deepEqual(told, ['lost', 'back'])
  news.back('again')
  assert.equal(told.length, 2)
})

test('who has closed is told nothing of owners any more', () => {
  const { news, told, later } = trial()
  news.lost('lost')
  news.end()
  later()
  assert.deepEqual(told, [])
})
