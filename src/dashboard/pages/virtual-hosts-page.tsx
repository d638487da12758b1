/*
 * Virtual hosts: each with queues, exchanges and permissions of its own.
 */

import type { VirtualHostObject } from '../../http/shapes/virtual-host.ts'
import { Button } from '../elements/controls.tsx'
import { confirm, fillIn } from '../elements/dialogs.tsx'
import { Loaded, PageHead } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { tell } from '../elements/toasts.tsx'
import { ask, get, path } from '../site/api.ts'
import { chosenVhost } from '../site/preferences.ts'
import { useResource } from '../site/resource.ts'
import { addressOf, go } from '../site/route.ts'
import { findIdentity, identity, mayChange } from '../site/session.ts'
import { number, t, tn } from '../texts/text.ts'

const rereadMs = 5_000

export function VirtualHostsPage() {
  const hosts = useResource(
    'vhosts',
    (signal) => get<readonly VirtualHostObject[]>('api/vhosts', {}, signal),
    rereadMs,
  )
  const changed = (): void => {
    hosts.reload()
    void findIdentity()
  }
  return (
    <>
      <PageHead title={t('hosts.title')} text={t('hosts.text')}>
        {mayChange('administrator') && (
          <Button kind="main" icon="plus" onClick={() => createHost(changed)}>
            {t('hosts.create')}
          </Button>
        )}
      </PageHead>
      <Loaded of={hosts}>
        {(rows) => (
          <Table
            label={t('hosts.title')}
            rows={rows}
            columns={columns(changed)}
            keyOf={({ name }) => name}
            sort={{ key: 'name' }}
            onOpen={({ name }) => {
              chosenVhost.value = name
              go(addressOf('queues'))
            }}
          />
        )}
      </Loaded>
    </>
  )
}

const counted = (
  key: string,
  title: string,
  by: (one: VirtualHostObject) => number,
): Column<VirtualHostObject> => ({ key, title, by, isNumber: true, cell: (one) => number(by(one)) })

const columns = (changed: () => void): readonly Column<VirtualHostObject>[] => [
  {
    key: 'name',
    title: t('hosts.one'),
    by: ({ name }) => name,
    cell: ({ name }) => <span class="cell-name">{name}</span>,
  },
  {
    key: 'description',
    title: t('hosts.description'),
    isExtra: true,
    cell: ({ description }) => description || '–',
  },
  counted('queues', t('queues.title'), ({ homing }) => homing.queues),
  counted('ready', t('count.ready'), (one) => one.messages_ready),
  counted('unacked', t('count.unacked'), (one) => one.messages_unacknowledged),
  { ...counted('users', t('users.title'), ({ homing }) => homing.users), isExtra: true },
  {
    ...counted('connections', t('connections.title'), ({ homing }) => homing.connections),
    isExtra: true,
  },
  {
    key: 'delete',
    title: '',
    class: 'does',
    cell: (one) =>
      mayChange('administrator') && one.name !== '/' ? (
        <Button
          kind="quiet short danger"
          icon="trash"
          label={t('hosts.deleteTitle', { name: one.name })}
          onClick={() => deleteHost(one, changed)}
        />
      ) : null,
  },
]

function createHost(changed: () => void): void {
  fillIn({
    title: t('hosts.create'),
    act: t('act.create'),
    fields: [
      { name: 'name', label: t('hosts.one'), required: true },
      { name: 'description', label: t('hosts.description') },
      { name: 'enters', label: t('hosts.enters'), kind: 'check', value: true },
    ],
    submit: async ({ name, description, enters }) => {
      await ask('PUT', path`vhosts/${String(name)}`, { json: { description } })
      if (enters === true) {
        await ask('PUT', path`permissions/${String(name)}/${identity.value?.user ?? ''}`, {
          json: { configure: '.*', write: '.*', read: '.*' },
        })
      }
      tell(t('hosts.created', { name: String(name) }))
      changed()
    },
  })
}

function deleteHost({ name, messages, homing }: VirtualHostObject, changed: () => void): void {
  confirm({
    title: t('hosts.deleteTitle', { name }),
    text: `${tn('hosts.deleteText', messages)} ${tn('hosts.deleteQueues', homing.queues)}`,
    act: t('act.delete'),
    submit: async () => {
      await ask('DELETE', path`vhosts/${name}`)
      tell(t('hosts.deleted', { name }))
      changed()
    },
  })
}
