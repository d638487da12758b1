/*
 * What pages are put together from: their head, figures, empty states, badges, times.
 */

import type { ComponentChildren } from 'preact'
import { addressOf } from '../site/route.ts'
import { ago, date, t } from '../texts/text.ts'
import { Link } from './controls.tsx'
import { Icon, type IconName } from './icon.tsx'
import { errorText } from './toasts.tsx'

interface PageHeadProps {
  readonly title: string
  readonly text?: ComponentChildren
  /** Where one came from. */
  readonly above?: readonly [page: string, title: string]
  readonly badges?: ComponentChildren
  readonly children?: ComponentChildren
}

export const PageHead = ({ title, text, above, badges, children }: PageHeadProps) => (
  <header class="page-head">
    <div class="words">
      {above !== undefined && (
        <nav class="trail" aria-label={t('nav.trail')}>
          <Link to={addressOf(above[0])}>{above[1]}</Link>
          <span aria-hidden="true">/</span>
        </nav>
      )}
      <h1 tabIndex={-1}>
        {title} {badges}
      </h1>
      {text !== undefined && <p>{text}</p>}
    </div>
    {children !== undefined && <div class="actions">{children}</div>}
  </header>
)

interface StatProps {
  readonly label: string
  readonly value: string
  readonly more?: string | undefined
  readonly to?: string
  readonly tone?: 'warn' | 'bad' | ''
}

export function Stat({ label, value, more, to, tone = '' }: StatProps) {
  const words = (
    <dl>
      <dt>{label}</dt>
      <dd>{value}</dd>
      {more !== undefined && <dd class="small">{more}</dd>}
    </dl>
  )
  const name = `card stat ${tone}`
  return to === undefined ? (
    <div class={name}>{words}</div>
  ) : (
    <Link to={to} class={name}>
      {words}
    </Link>
  )
}

interface EmptyProps {
  readonly icon: IconName
  readonly title: string
  /** What to do next. */
  readonly text: ComponentChildren
  readonly children?: ComponentChildren
}

export const Empty = ({ icon, title, text, children }: EmptyProps) => (
  <div class="card empty">
    <Icon name={icon} />
    <h2>{title}</h2>
    <p>{text}</p>
    {children !== undefined && <div class="actions">{children}</div>}
  </div>
)

interface LoadedProps<T> {
  readonly of: { readonly data: T | undefined; readonly error: Error | undefined }
  readonly children: (data: T) => ComponentChildren
}

/** What was asked for, why it is not there, or that it is on its way. */
export function Loaded<T>({ of: { data, error }, children }: LoadedProps<T>) {
  return (
    <>
      {error !== undefined && (
        <p class="fault" role="alert">
          {errorText(error)}
        </p>
      )}
      {data !== undefined && children(data)}
      {data === undefined && error === undefined && (
        <p class="muted" aria-busy="true">
          {t('told.loading')}
        </p>
      )}
    </>
  )
}

export type Tone = 'ok' | 'bad' | 'warn' | 'accent' | ''

interface BadgeProps {
  readonly tone?: Tone
  readonly children: ComponentChildren
  readonly title?: string | undefined
}

export const Badge = ({ tone = '', children, title }: BadgeProps) => (
  <span class={`badge ${tone}`} title={title}>
    {children}
  </span>
)

/** How long ago, and the exact time for those who point at it. */
export const Ago = ({ ms }: { readonly ms: number | undefined | null }) =>
  ms === undefined || ms === null ? (
    <span class="muted">–</span>
  ) : (
    <time dateTime={new Date(ms).toISOString()} title={date(ms)}>
      {ago(ms)}
    </time>
  )

/** How an outcome's code is shown. */
export const CodeBadge = ({ code }: { readonly code: string }) => (
  <Badge tone={code === 'ok' ? 'ok' : code === 'canceled' ? '' : 'bad'}>{code}</Badge>
)

type Fact = readonly [name: string, value: ComponentChildren]

/** What has no value is left out. */
export const Facts = ({ of }: { readonly of: readonly Fact[] }) => (
  <dl class="facts">
    {of
      .filter(([, value]) => value !== undefined && value !== '')
      .map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
  </dl>
)

interface SectionProps {
  readonly title: string
  readonly end?: ComponentChildren
  readonly children: ComponentChildren
}

export const Section = ({ title, end, children }: SectionProps) => (
  <section class="section" aria-label={title}>
    <div class="section-head">
      <h2>{title}</h2>
      {end !== undefined && <div class="end actions">{end}</div>}
    </div>
    {children}
  </section>
)
