/*
 * What is bound to what: of one exchange, of one queue, or all of it.
 */

import type { BindingObject } from '../../http/shapes/binding.ts'
import { Button, Link } from '../elements/controls.tsx'
import { confirm, fillIn } from '../elements/dialogs.tsx'
import { Badge, Empty, Loaded, Section } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { tell } from '../elements/toasts.tsx'
import { ask, get, path } from '../site/api.ts'
import { useResource } from '../site/resource.ts'
import { addressOf, filterBy, place } from '../site/route.ts'
import { mayIn } from '../site/session.ts'
import { listPath, oneVhost, shownVhost } from '../site/vhosts.ts'
import { t } from '../texts/text.ts'
import { vhostField } from './queue-acts.ts'

const rereadMs = 5_000

const titleOf = (name: string): string => (name === '' ? t('exchanges.default') : name)

export function Bindings() {
  const { exchange, queue, in: vhost, vhost: asked } = place.value.query
  const bindings = useResource(
    'bindings',
    (signal) => get<readonly BindingObject[]>(listPath('bindings'), {}, signal),
    rereadMs,
  )
  const within = vhost ?? asked
  const fits = (one: BindingObject): boolean =>
    (within === undefined || one.vhost === within) &&
    (exchange === undefined || one.source === exchange) &&
    (queue === undefined || (one.destination_type === 'queue' && one.destination === queue))
  const isNarrow = exchange !== undefined || queue !== undefined
  const title = queue ?? (exchange === undefined ? undefined : titleOf(exchange))
  return (
    <Section
      title={title === undefined ? t('bindings.title') : t('bindings.of', { name: title })}
      end={
        <>
          {isNarrow && (
            <Button
              kind="quiet"
              onClick={() => filterBy({ exchange: '', queue: '', in: '', vhost: '' })}
            >
              {t('act.clearFilters')}
            </Button>
          )}
          {mayIn(shownVhost(), 'write') && (
            <Button
              icon="plus"
              onClick={() => bind({ vhost: within, source: exchange, queue }, bindings.reload)}
            >
              {t('bindings.create')}
            </Button>
          )}
        </>
      }
    >
      <Loaded of={bindings}>
        {(all) => {
          const rows = all.filter((one) => fits(one) && one.source !== '')
          return rows.length === 0 ? (
            <Empty icon="exchange" title={t('bindings.none')} text={t('bindings.noneText')} />
          ) : (
            <Table
              label={t('bindings.title')}
              rows={rows}
              columns={bindingColumns(bindings.reload)}
              keyOf={keyOf}
              sort={{ key: 'source' }}
            />
          )
        }}
      </Loaded>
    </Section>
  )
}

const keyOf = (one: BindingObject): string =>
  [one.vhost, one.source, one.destination_type, one.destination, one.properties_key].join(' ')

const bindingColumns = (reload: () => void): readonly Column<BindingObject>[] => [
  {
    key: 'source',
    title: t('bindings.from'),
    by: ({ source }) => source,
    cell: ({ source }) => titleOf(source),
  },
  {
    key: 'key',
    title: t('message.routingKey'),
    by: ({ routing_key }) => routing_key,
    cell: ({ routing_key }) => <code>{routing_key || '–'}</code>,
  },
  {
    key: 'to',
    title: t('bindings.to'),
    by: ({ destination }) => destination,
    cell: ({ destination, destination_type, vhost }) =>
      destination_type === 'queue' ? (
        <Link to={addressOf('queue', { vhost, name: destination })}>{destination}</Link>
      ) : (
        <>
          <span>{destination}</span> <Badge>{t('exchanges.one')}</Badge>
        </>
      ),
  },
  {
    key: 'arguments',
    title: t('bindings.arguments'),
    isExtra: true,
    cell: (one) =>
      Object.keys(one.arguments).length === 0 ? '–' : <code>{JSON.stringify(one.arguments)}</code>,
  },
  {
    key: 'delete',
    title: '',
    class: 'does',
    cell: (one) =>
      mayIn(one.vhost, 'write') ? (
        <Button
          kind="quiet short danger"
          icon="trash"
          label={t('bindings.delete', { name: one.destination })}
          onClick={() => unbind(one, reload)}
        />
      ) : null,
  },
]

interface BindingFrom {
  readonly vhost: string | undefined
  readonly source: string | undefined
  readonly queue: string | undefined
}

function bind({ vhost, source = '', queue = '' }: BindingFrom, done: () => void): void {
  fillIn({
    title: t('bindings.create'),
    act: t('act.create'),
    fields: [
      ...(vhost === undefined ? vhostField() : []),
      { name: 'source', label: t('bindings.from'), value: source, required: true },
      {
        name: 'kind',
        label: t('bindings.kind'),
        kind: 'select',
        value: 'q',
        options: [
          ['q', t('queue.one')],
          ['e', t('exchanges.one')],
        ],
      },
      { name: 'destination', label: t('bindings.to'), value: queue, required: true },
      { name: 'key', label: t('message.routingKey') },
    ],
    submit: async (values) => {
      const [host, from, to] = [
        values.vhost ?? vhost ?? oneVhost(),
        values.source,
        values.destination,
      ]
      const kind = values.kind === 'e' ? 'e' : 'q'
      const place = path`bindings/${String(host)}/e/${String(from)}/${kind}/${String(to)}`
      await ask('POST', place, { json: { routing_key: values.key, arguments: {} } })
      tell(t('bindings.created'))
      done()
    },
  })
}

function unbind(one: BindingObject, done: () => void): void {
  const kind = one.destination_type === 'queue' ? 'q' : 'e'
  confirm({
    title: t('bindings.delete', { name: one.destination }),
    text: t('bindings.deleteText', { source: titleOf(one.source), destination: one.destination }),
    act: t('act.delete'),
    submit: async () => {
      await ask(
        'DELETE',
        path`bindings/${one.vhost}/e/${one.source}/${kind}/${one.destination}/${one.properties_key}`,
      )
      tell(t('bindings.deleted'))
      done()
    },
  })
}
