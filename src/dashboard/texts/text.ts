/*
 * Texts, numbers and times in the reader's language. Components that call these are drawn again when it changes.
 */

import { bytesText, countText, durationText, rateText } from '../format/numbers.ts'
import { language } from '../site/preferences.ts'
import { type TextKey, textIn, type Values } from './languages.ts'

export type { TextKey } from './languages.ts'

export const t = (key: TextKey, values?: Values): string => textIn(language.value, key, values)

/** With `{count}` written as numbers are in the language. */
export function tn(key: TextKey, count: number, values: Values = {}): string {
  return t(key, { ...values, count: count === 1 ? 1 : countText(count, language.value) })
}

export const number = (value: number): string => countText(value, language.value)
export const rate = (value: number): string => rateText(value, language.value)
export const bytes = (value: number): string => bytesText(value, language.value)
export const duration = (ms: number): string => durationText(ms, language.value)

// Swedish writes `2026-11-21 17:54:28`, which nobody anywhere reads as another day.
const dates = new Intl.DateTimeFormat('sv', { dateStyle: 'short', timeStyle: 'medium' })
const times = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
})

export const date = (ms: number): string => dates.format(ms)

/** `17:54:28.015` */
export const clockTime = (ms: number): string => times.format(ms)

/** `3 min ago`, `in 2 h`. */
export function ago(ms: number, nowMs = Date.now()): string {
  const difference = ms - nowMs
  const size = Math.abs(difference)
  if (size < 1_000) return t('time.now')
  const text = durationText(
    size < 60_000 ? Math.round(size / 1_000) * 1_000 : size,
    language.value,
    1,
  )
  return difference < 0 ? t('time.ago', { time: text }) : t('time.in', { time: text })
}
