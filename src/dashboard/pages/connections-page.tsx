/*
 * Connections of AMQP clients, and their channels.
 */

import type { ChannelObject, ConnectionObject } from '../../http/shapes/connection.ts'
import { countColumn, textColumn, timeColumn } from '../elements/columns.tsx'
import { Button, Link } from '../elements/controls.tsx'
import { confirm } from '../elements/dialogs.tsx'
import { Badge, Empty, Facts, Loaded, PageHead, Section } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { tell } from '../elements/toasts.tsx'
import { ask, get, path } from '../site/api.ts'
import { useResource } from '../site/resource.ts'
import { addressOf, filterBy, go, place } from '../site/route.ts'
import { identity, mayChange } from '../site/session.ts'
import { bytes, number, rate, t, tn } from '../texts/text.ts'

const rereadMs = 3_000

export function ConnectionsPage() {
  const { name } = place.value.query
  const connections = useResource(
    'connections',
    (signal) => get<readonly ConnectionObject[]>('api/connections', {}, signal),
    rereadMs,
  )
  const chosen = connections.data?.find((one) => one.name === name)
  return (
    <>
      <PageHead title={t('connections.title')} text={t('connections.text')} />
      <Loaded of={connections}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty icon="link" title={t('connections.none')} text={t('connections.noneText')} />
          ) : (
            <Table
              label={t('connections.title')}
              rows={rows}
              columns={columns(connections.reload)}
              keyOf={(one) => one.name}
              sort={{ key: 'since' }}
              onOpen={(one) => filterBy({ name: one.name })}
            />
          )
        }
      </Loaded>
      {chosen && <Details connection={chosen} />}
      <Channels connection={name} />
    </>
  )
}

const columns = (reload: () => void): readonly Column<ConnectionObject>[] => [
  {
    key: 'name',
    title: t('connections.one'),
    by: (one) => one.user_provided_name ?? one.name,
    cell: (one) => (
      <Link to={addressOf('connections', { name: one.name })} class="cell-name">
        {one.user_provided_name ?? one.name}
      </Link>
    ),
  },
  textColumn({ key: 'user', title: t('login.user'), of: ({ user }) => user }),
  textColumn({ key: 'vhost', title: t('hosts.one'), of: ({ vhost }) => vhost, isExtra: true }),
  {
    key: 'state',
    title: t('connections.state'),
    cell: ({ state }) => (
      <Badge tone={state === 'running' ? 'ok' : 'warn'}>{t(`connections.${state}`)}</Badge>
    ),
  },
  { key: 'tls', title: 'TLS', isExtra: true, cell: ({ ssl }) => t(ssl ? 'told.yes' : 'told.no') },
  countColumn({ key: 'channels', title: t('channels.title'), of: ({ channels }) => channels }),
  {
    key: 'in',
    title: t('connections.received'),
    isNumber: true,
    isExtra: true,
    by: (one) => one.recv_oct_details.rate,
    cell: (one) => `${bytes(one.recv_oct_details.rate)}/s`,
  },
  {
    key: 'out',
    title: t('connections.sent'),
    isNumber: true,
    isExtra: true,
    by: (one) => one.send_oct_details.rate,
    cell: (one) => `${bytes(one.send_oct_details.rate)}/s`,
  },
  timeColumn({ key: 'since', title: t('connections.since'), of: (one) => one.connected_at }),
  {
    key: 'close',
    title: '',
    class: 'does',
    cell: (one) =>
      mayClose(one) ? (
        <Button kind="short danger" onClick={() => close(one, reload)}>
          {t('connections.close')}
        </Button>
      ) : null,
  },
]

/** One's own, or as an administrator anybody's. */
const mayClose = ({ user }: ConnectionObject): boolean =>
  mayChange('administrator') || (mayChange('management') && user === identity.value?.user)

function close({ name, user }: ConnectionObject, done: () => void): void {
  confirm({
    title: t('connections.closeTitle'),
    text: t('connections.closeText', { name, user }),
    act: t('connections.close'),
    submit: async () => {
      await ask('DELETE', path`connections/${name}`)
      tell(t('connections.closedTold'))
      go(addressOf('connections'))
      done()
    },
  })
}

function Details({ connection }: { readonly connection: ConnectionObject }) {
  const warnings = Object.entries(connection.homing.warnings)
  return (
    <Section title={connection.user_provided_name ?? connection.name}>
      <div class="card card-body stack">
        <Facts
          of={[
            [t('connections.address'), connection.name],
            [t('connections.protocol'), `${connection.protocol} · ${connection.auth_mechanism}`],
            [t('connections.frame'), bytes(connection.frame_max)],
            [
              t('connections.heartbeat'),
              connection.timeout === 0 ? '–' : `${connection.timeout} s`,
            ],
            [t('connections.pending'), bytes(connection.send_pend)],
            ...Object.entries(connection.client_properties)
              .filter(([, value]) => typeof value === 'string')
              .map(([name, value]) => [name, String(value)] as const),
          ]}
        />
        {warnings.length > 0 && (
          <>
            <h3>{t('connections.warnings')}</h3>
            <Facts of={warnings} />
          </>
        )}
      </div>
    </Section>
  )
}

function Channels({ connection }: { readonly connection: string | undefined }) {
  const channels = useResource(
    'channels',
    (signal) => get<readonly ChannelObject[]>('api/channels', {}, signal),
    rereadMs,
  )
  const isOwn = (one: ChannelObject): boolean =>
    connection === undefined || one.connection_details.name === connection
  return (
    <Section title={t('channels.title')}>
      <Loaded of={channels}>
        {(all) => {
          const rows = all.filter(isOwn)
          if (rows.length === 0)
            return <Empty icon="link" title={t('channels.none')} text={t('channels.noneText')} />
          return (
            <Table
              label={t('channels.title')}
              rows={rows}
              columns={channelColumns()}
              keyOf={({ name }) => name}
              sort={{ key: 'name' }}
              foot={tn('told.shown', rows.length)}
            />
          )
        }}
      </Loaded>
    </Section>
  )
}

const counted = (
  key: string,
  title: string,
  by: (one: ChannelObject) => number,
  isExtra = false,
): Column<ChannelObject> => ({
  key,
  title,
  by,
  isNumber: true,
  isExtra,
  cell: (one) => number(by(one)),
})

const channelColumns = (): readonly Column<ChannelObject>[] => [
  {
    key: 'name',
    title: t('channels.one'),
    by: ({ name }) => name,
    cell: ({ name, confirm, transactional }) => (
      <>
        <span>{name}</span>
        {confirm && <Badge>{t('channels.confirms')}</Badge>}
        {transactional && <Badge>{t('channels.transactional')}</Badge>}
      </>
    ),
  },
  textColumn({ key: 'user', title: t('login.user'), of: ({ user }) => user, isExtra: true }),
  counted('consumers', t('count.consumers'), (one) => one.consumer_count),
  counted('unacked', t('count.unacked'), (one) => one.messages_unacknowledged),
  counted('unconfirmed', t('channels.unconfirmed'), (one) => one.messages_unconfirmed, true),
  counted('prefetch', t('consumer.prefetch'), (one) => one.prefetch_count, true),
  {
    key: 'published',
    title: t('rate.in'),
    isNumber: true,
    isExtra: true,
    by: (one) => one.message_stats.publish_details.rate,
    cell: (one) => rate(one.message_stats.publish_details.rate),
  },
]
