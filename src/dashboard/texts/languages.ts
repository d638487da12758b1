/*
 * The languages there are, and how a text is filled in.
 *
 * `{count}` in a text is a place; `one message | {count} messages` has a form for 1 and one for the rest.
 */

import { chinese } from './chinese.ts'
import { english } from './english.ts'

export const languages = { en: 'English', 'zh-Hans': '简体中文' } as const
export type Language = keyof typeof languages

export type TextKey = keyof typeof english
export type Values = Readonly<Record<string, string | number>>

const tables: Readonly<Record<Language, Readonly<Record<TextKey, string>>>> = {
  en: english,
  'zh-Hans': chinese,
}

/** The first of the wanted ones that there is. */
export function languageOf(wanted: readonly string[]): Language {
  for (const name of wanted) {
    if (/^zh\b/i.test(name)) return 'zh-Hans'
    if (/^en\b/i.test(name)) return 'en'
  }
  return 'en'
}

export function textIn(language: Language, key: TextKey, values: Values = {}): string {
  const [one = '', many = one] = tables[language][key].split(' | ')
  const form = values.count === 1 || values.count === '1' ? one : many
  return form.replaceAll(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place))
}
