import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesText, countText, durationText, rateText } from './numbers.ts'

test('counts are written whole until they are millions', () => {
  assert.equal(countText(0, 'en'), '0')
  assert.equal(countText(123_456, 'en'), '123,456')
  assert.equal(countText(1_234_567, 'en'), '1.23M')
  assert.equal(countText(12_345_678, 'zh-Hans'), '1234.57万')
})

test('small rates keep a digit, large ones none', () => {
  assert.deepEqual(
    [0, 0.44, 9.96, 12.3, 1_204].map((value) => rateText(value, 'en')),
    ['0', '0.4', '10', '12', '1,204'],
  )
})

test('bytes are written in the unit that fits', () => {
  assert.deepEqual(
    [1, 999, 1_500, 2_000_000, 5e12, 5e15].map((value) => bytesText(value, 'en')),
    ['1 byte', '999 bytes', '1.5 kB', '2 MB', '5 TB', '5,000 TB'],
  )
})

test('durations are written in two units at most', () => {
  assert.deepEqual(
    [0, 0.42, 120, 1_500, 59_000, 125_000, 3_600_000, 12_000_000, 90_061_000].map((ms) =>
      durationText(ms, 'en'),
    ),
    [
      '0 ms',
      '0.4 ms',
      '120 ms',
      '1.5 sec',
      '59 sec',
      '2 min 5 sec',
      '1 hr',
      '3 hr 20 min',
      '1 day 1 hr',
    ],
  )
  assert.equal(durationText(125_000, 'en', 1), '2 min')
})
