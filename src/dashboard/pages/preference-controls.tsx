/*
 * Choices of the reader: language, colours, virtual host.
 */

import { Button, Choice, Select } from '../elements/controls.tsx'
import { chosenVhost, colours, isDark, language } from '../site/preferences.ts'
import { allVhosts } from '../site/vhosts.ts'
import { type Language, languages } from '../texts/languages.ts'
import { t } from '../texts/text.ts'

export const LanguageChoice = () => (
  <Select<Language>
    label={t('about.language')}
    value={language.value}
    options={Object.entries(languages) as [Language, string][]}
    onChoose={(value) => {
      language.value = value
    }}
  />
)

export const ColoursChoice = () => (
  <Choice
    label={t('about.colours')}
    value={colours.value}
    options={[
      ['auto', t('about.auto')],
      ['light', t('about.light')],
      ['dark', t('about.dark')],
    ]}
    onChoose={(value) => {
      colours.value = value
    }}
  />
)

export const ColoursSwitch = () => (
  <Button
    kind="quiet square"
    icon={isDark.value ? 'sun' : 'moon'}
    label={isDark.value ? t('act.light') : t('act.dark')}
    onClick={() => {
      colours.value = isDark.value ? 'light' : 'dark'
    }}
  />
)

/** Nothing to choose where there is one only. */
export function VhostChoice() {
  const hosts = allVhosts()
  if (hosts.length < 2) return null
  return (
    <Select
      label={t('hosts.one')}
      value={hosts.includes(chosenVhost.value) ? chosenVhost.value : ''}
      options={[['', t('hosts.all')], ...hosts.map((name) => [name, name] as const)]}
      onChoose={(value) => {
        chosenVhost.value = value
      }}
    />
  )
}
