/*
 * Settings of the reader, and what this server is.
 */

import type { Overview } from '../../http/shapes/overview.ts'
import { Facts, PageHead, Section } from '../elements/page.tsx'
import { get } from '../site/api.ts'
import { useResource } from '../site/resource.ts'
import { has, identity, readOnly } from '../site/session.ts'
import { date, t } from '../texts/text.ts'
import { ColoursChoice, LanguageChoice } from './preference-controls.tsx'

const keys = [
  ['/', 'about.keyFind'],
  ['↑ ↓', 'about.keyRows'],
  ['Enter', 'about.keyOpen'],
  ['Esc', 'about.keyClose'],
] as const

export function AboutPage() {
  const who = identity.value
  return (
    <>
      <PageHead title={t('about.title')} />
      <Section title={t('about.reader')}>
        <div class="card card-body">
          <Facts
            of={[
              [t('about.language'), <LanguageChoice key="language" />],
              [t('about.colours'), <ColoursChoice key="colours" />],
            ]}
          />
        </div>
      </Section>
      <Section title={t('about.you')}>
        <div class="card card-body">
          <Facts
            of={[
              [t('login.user'), who?.user],
              [t('users.tags'), who?.tags.join(', ') || t('users.noTags')],
              [t('hosts.title'), who?.virtualHosts.join(', ') || '–'],
              [t('about.changes'), t(readOnly.value ? 'about.readOnly' : 'told.yes')],
            ]}
          />
        </div>
      </Section>
      {has('management') && <Server />}
      <Section title={t('about.keys')}>
        <div class="card card-body">
          <Facts of={keys.map(([key, text]) => [key, t(text)])} />
        </div>
      </Section>
      <Section title={t('about.more')}>
        <div class="card card-body stack">
          <a href="/api/openapi.json">{t('about.api')}</a>
          <a href="/licences.txt">{t('about.licences')}</a>
        </div>
      </Section>
    </>
  )
}

function Server() {
  const overview = useResource('overview', (signal) => get<Overview>('api/overview', {}, signal))
  const { data } = overview
  if (data === undefined) return null
  return (
    <Section title={t('about.server')}>
      <div class="card card-body">
        <Facts
          of={[
            [t('about.version'), `${data.product_name} ${data.homing.version}`],
            [t('about.node'), data.node],
            [t('about.started'), date(data.homing.started_at)],
            ...data.listeners.map(
              (one) => [one.protocol, `${one.ip_address}:${one.port}`] as const,
            ),
          ]}
        />
      </div>
    </Section>
  )
}
