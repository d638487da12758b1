/*
 * Exchanges, and what is bound to what.
 */

import type { ExchangeObject } from '../../http/shapes/exchange.ts'
import { Button } from '../elements/controls.tsx'
import { confirm, fillIn } from '../elements/dialogs.tsx'
import { Badge, Loaded, PageHead } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { tell } from '../elements/toasts.tsx'
import { ask, get, path } from '../site/api.ts'
import { useResource } from '../site/resource.ts'
import { filterBy } from '../site/route.ts'
import { mayIn, readOnly } from '../site/session.ts'
import { hasManyVhosts, listPath, oneVhost, shownVhost } from '../site/vhosts.ts'
import { number, t, tn } from '../texts/text.ts'
import { Bindings } from './bindings.tsx'
import { vhostField } from './queue-acts.ts'

const rereadMs = 5_000

export function ExchangesPage() {
  const exchanges = useResource(
    'exchanges',
    (signal) => get<readonly ExchangeObject[]>(listPath('exchanges'), {}, signal),
    rereadMs,
  )
  return (
    <>
      <PageHead title={t('exchanges.title')} text={t('exchanges.text')}>
        {mayIn(shownVhost(), 'configure') && (
          <Button kind="main" icon="plus" onClick={() => createExchange(exchanges.reload)}>
            {t('exchanges.create')}
          </Button>
        )}
      </PageHead>
      <Loaded of={exchanges}>
        {(rows) => (
          <Table
            label={t('exchanges.title')}
            rows={rows}
            columns={columns(exchanges.reload)}
            keyOf={({ vhost, name }) => `${vhost} ${name}`}
            sort={{ key: 'name' }}
            onOpen={({ vhost, name }) => filterBy({ exchange: name, in: vhost, queue: '' })}
          />
        )}
      </Loaded>
      <Bindings />
    </>
  )
}

const titleOf = (name: string): string => (name === '' ? t('exchanges.default') : name)

const columns = (reload: () => void): readonly Column<ExchangeObject>[] => [
  {
    key: 'name',
    title: t('exchanges.one'),
    by: ({ name }) => name,
    cell: ({ name, durable, internal }) => (
      <>
        <span class="cell-name">{titleOf(name)}</span>
        {!durable && <Badge>{t('exchanges.transient')}</Badge>}
        {internal && <Badge>{t('exchanges.internal')}</Badge>}
      </>
    ),
  },
  ...(hasManyVhosts()
    ? [
        {
          key: 'vhost',
          title: t('hosts.one'),
          cell: ({ vhost }: ExchangeObject) => vhost,
          class: 'dim',
        },
      ]
    : []),
  {
    key: 'type',
    title: t('exchanges.type'),
    by: ({ type }) => type,
    cell: ({ type }) => <code>{type}</code>,
  },
  { key: 'policy', title: t('policies.one'), isExtra: true, cell: ({ policy }) => policy ?? '–' },
  {
    key: 'from',
    title: t('exchanges.bindings'),
    isNumber: true,
    by: ({ homing }) => homing?.bindings_from ?? 0,
    cell: ({ homing }) => number(homing?.bindings_from ?? 0),
  },
  {
    key: 'delete',
    title: '',
    class: 'does',
    cell: (row) =>
      !readOnly.value && row.homing?.may.configure === true && !isBuiltIn(row) ? (
        <Button
          kind="quiet short danger"
          icon="trash"
          label={t('exchanges.deleteTitle', { name: row.name })}
          onClick={() => deleteExchange(row, reload)}
        />
      ) : null,
  },
]

const isBuiltIn = ({ name }: ExchangeObject): boolean => name === '' || name.startsWith('amq.')

function createExchange(done: () => void): void {
  const types = ['direct', 'fanout', 'topic', 'headers'].map((type) => [type, type] as const)
  fillIn({
    title: t('exchanges.create'),
    act: t('act.create'),
    fields: [
      { name: 'name', label: t('exchanges.one'), required: true },
      ...vhostField(),
      { name: 'type', label: t('exchanges.type'), kind: 'select', value: 'direct', options: types },
      { name: 'durable', label: t('queue.durable'), kind: 'check', value: true },
    ],
    submit: async (values) => {
      const name = String(values.name)
      await ask('PUT', path`exchanges/${String(values.vhost ?? oneVhost())}/${name}`, {
        json: { type: values.type, durable: values.durable, auto_delete: false, arguments: {} },
      })
      tell(t('exchanges.created', { name }))
      done()
    },
  })
}

function deleteExchange({ vhost, name, homing }: ExchangeObject, done: () => void): void {
  confirm({
    title: t('exchanges.deleteTitle', { name }),
    text: tn('exchanges.deleteText', (homing?.bindings_from ?? 0) + (homing?.bindings_to ?? 0)),
    act: t('act.delete'),
    submit: async () => {
      await ask('DELETE', path`exchanges/${vhost}/${name}`)
      tell(t('exchanges.deleted', { name }))
      done()
    },
  })
}
