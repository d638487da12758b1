/*
 * What the reader chose, kept by the browser: colours, language, virtual host.
 */

import { computed, effect, signal } from '@preact/signals'
import type { Language } from '../texts/languages.ts'
import { languageOf } from '../texts/languages.ts'

export type Colours = 'auto' | 'light' | 'dark'

const kept = (name: string): string => {
  try {
    return localStorage.getItem(`homing.${name}`) ?? ''
  } catch {
    // The browser keeps nothing for anybody.
    return ''
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`homing.${name}`, value)
  } catch {
    // As above: it lasts until the page is closed.
  }
}

const asColours = (text: string): Colours => (text === 'light' || text === 'dark' ? text : 'auto')

export const colours = signal<Colours>(asColours(kept('colours')))
export const language = signal<Language>(languageOf([kept('language'), ...navigator.languages]))
/** '' for all that the user may see. */
export const chosenVhost = signal(kept('vhost'))

const prefersDark = matchMedia('(prefers-color-scheme: dark)')
const systemIsDark = signal(prefersDark.matches)
prefersDark.addEventListener('change', ({ matches }) => {
  systemIsDark.value = matches
})

export const isDark = computed(() =>
  colours.value === 'auto' ? systemIsDark.value : colours.value === 'dark',
)

/** Writes what is chosen into the document, and keeps it. */
export function applyPreferences(): void {
  effect(() => {
    const { documentElement: root } = document
    root.style.colorScheme = isDark.value ? 'dark' : 'light'
    root.lang = language.value
    keep('colours', colours.value)
    keep('language', language.value)
    keep('vhost', chosenVhost.value)
  })
}
