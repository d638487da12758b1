/*
 * Filters that lists of messages share: a queue, the beginning of an id, a code, since when. They stand in the address.
 */

import { Button, Select } from '../elements/controls.tsx'
import { filterBy, place, type Query } from '../site/route.ts'
import { allVhosts, hasManyVhosts, oneVhost, shownVhost } from '../site/vhosts.ts'
import { t } from '../texts/text.ts'

type Filter = 'vhost' | 'idPrefix' | 'queue' | 'code' | 'reason' | 'since'

const codes = [
  ...['ok', 'failed', 'thrown', 'lost', 'expired'],
  ...['rejected', 'invalid', 'canceled', 'unroutable'],
] as const

const times = ['10m', '1h', '24h', '7d'] as const

/** What of the address narrows the list, as the API takes it. */
export function chosenFilters(filters: readonly Filter[]): Query {
  const { query } = place.value
  return {
    ...Object.fromEntries(filters.map((name) => [name, query[name]])),
    vhost: filteredVhost(),
  }
}

const isGiven = (name: Filter): boolean => (place.value.query[name] ?? '') !== ''

/** A queue, or an id, is one within a virtual host. */
const isWithinOne = (): boolean => isGiven('queue') || isGiven('idPrefix')

const filteredVhost = (): string | undefined =>
  shownVhost() ?? place.value.query.vhost ?? (isWithinOne() ? oneVhost() : undefined)

export const isFiltered = (filters: readonly Filter[]): boolean => filters.some(isGiven)

export const clearFilters = (filters: readonly Filter[]): void =>
  filterBy(Object.fromEntries(filters.map((name) => [name, ''])))

export function MessageFilters({ filters }: { readonly filters: readonly Filter[] }) {
  const { query } = place.value
  const has = (name: Filter): boolean => filters.includes(name)
  const text = (name: Filter, label: string) =>
    has(name) && (
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={query[name] ?? ''}
        onInput={(event) => filterBy({ [name]: event.currentTarget.value.trim() })}
        spellcheck={false}
      />
    )
  const coded = has('code') ? 'code' : 'reason'
  const code = query[coded] ?? ''
  const known: readonly string[] = codes
  return (
    <div class="filters">
      {text('idPrefix', t('filter.id'))}
      {text('queue', t('filter.queue'))}
      <VhostFilter />
      {(has('code') || has('reason')) && (
        <Select
          label={t('outcome.code')}
          value={code}
          options={[
            ['', t('filter.anyCode')],
            ...codes.map((one) => [one, one === 'failed' ? t('filter.failed') : one] as const),
            // Declared by a contract.
            ...(code === '' || known.includes(code) ? [] : [[code, code] as const]),
          ]}
          onChoose={(value) => filterBy({ [coded]: value })}
        />
      )}
      {has('since') && (
        <Select
          label={t('filter.time')}
          value={query.since ?? ''}
          options={[
            ['', t('filter.anyTime')],
            ...times.map((one) => [one, t(`filter.${one}`)] as const),
          ]}
          onChoose={(value) => filterBy({ since: value })}
        />
      )}
      {isFiltered(filters) && (
        <Button kind="quiet" onClick={() => clearFilters(filters)}>
          {t('act.clearFilters')}
        </Button>
      )}
    </div>
  )
}

function VhostFilter() {
  const vhost = filteredVhost()
  if (!hasManyVhosts() || vhost === undefined) return null
  const choose = (one: string): void => filterBy({ vhost: one })
  return <VhostSelect vhost={vhost} mayBeAll={!isWithinOne()} onChoose={choose} />
}

interface VhostSelectProps {
  readonly vhost: string
  /** It may be none of them, which is '' for all. */
  readonly mayBeAll?: boolean
  readonly onChoose: (vhost: string) => void
}

/** In which virtual host something is looked for. */
export const VhostSelect = ({ vhost, mayBeAll = false, onChoose }: VhostSelectProps) => (
  <Select
    label={t('filter.vhost')}
    value={vhost}
    options={[
      ...(mayBeAll ? [['', t('hosts.all')] as const] : []),
      ...allVhosts().map((one) => [one, t('filter.inVhost', { vhost: one })] as const),
    ]}
    onChoose={onChoose}
  />
)
