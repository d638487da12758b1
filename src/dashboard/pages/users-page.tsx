/*
 * Users, their tags, and what they may do in which virtual host.
 */

import type { PermissionObject, UserObject } from '../../http/shapes/user.ts'
import { countColumn, textColumn } from '../elements/columns.tsx'
import { Button } from '../elements/controls.tsx'
import { confirm, fillIn } from '../elements/dialogs.tsx'
import { Badge, Empty, Loaded, PageHead, Section } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { tell } from '../elements/toasts.tsx'
import { ask, get, path } from '../site/api.ts'
import { useResource } from '../site/resource.ts'
import { filterBy, place } from '../site/route.ts'
import { identity, mayChange } from '../site/session.ts'
import { oneVhost } from '../site/vhosts.ts'
import { number, t } from '../texts/text.ts'
import { vhostField } from './queue-acts.ts'

const tags = ['', 'management', 'policymaker', 'monitoring', 'administrator'] as const

export function UsersPage() {
  const users = useResource('users', (signal) =>
    get<readonly UserObject[]>('api/users', {}, signal),
  )
  const mayEdit = mayChange('administrator')
  return (
    <>
      <PageHead title={t('users.title')} text={t('users.text')}>
        {mayEdit && (
          <Button kind="main" icon="plus" onClick={() => createUser(users.reload)}>
            {t('users.create')}
          </Button>
        )}
      </PageHead>
      <Loaded of={users}>
        {(rows) => (
          <Table
            label={t('users.title')}
            rows={rows}
            columns={columns(mayEdit, users.reload)}
            keyOf={({ name }) => name}
            sort={{ key: 'name' }}
            onOpen={({ name }) => filterBy({ user: name })}
          />
        )}
      </Loaded>
      <Permissions mayEdit={mayEdit} reloadUsers={users.reload} />
    </>
  )
}

const columns = (mayEdit: boolean, reload: () => void): readonly Column<UserObject>[] => [
  {
    key: 'name',
    title: t('login.user'),
    by: ({ name }) => name,
    cell: ({ name }) => <span class="cell-name">{name}</span>,
  },
  {
    key: 'tags',
    title: t('users.tags'),
    by: (one) => one.tags.join(),
    cell: (one) => <Tags of={one.tags} />,
  },
  {
    key: 'vhosts',
    title: t('hosts.title'),
    isExtra: true,
    cell: ({ homing }) =>
      homing.vhosts.join(', ') || <Badge tone="warn">{t('users.nowhere')}</Badge>,
  },
  {
    key: 'login',
    title: t('users.login'),
    isExtra: true,
    cell: ({ homing }) => t(homing.password ? 'users.byPassword' : 'users.byCertificate'),
  },
  countColumn({
    key: 'connections',
    title: t('connections.title'),
    of: ({ homing }) => homing.connections,
  }),
  {
    key: 'acts',
    title: '',
    class: 'does',
    cell: (one) =>
      mayEdit ? (
        <>
          <Button kind="quiet short" onClick={() => editUser(one, reload)}>
            {t('act.edit')}
          </Button>
          {one.name !== identity.value?.user && (
            <Button
              kind="quiet short danger"
              icon="trash"
              label={t('users.deleteTitle', { name: one.name })}
              onClick={() => deleteUser(one, reload)}
            />
          )}
        </>
      ) : null,
  },
]

const Tags = ({ of }: { readonly of: readonly string[] }) =>
  of.length === 0 ? (
    <span class="muted">{t('users.noTags')}</span>
  ) : (
    of.map((tag) => (
      <Badge key={tag} tone={tag === 'administrator' ? 'accent' : ''}>
        {tag}
      </Badge>
    ))
  )

const tagOptions = () => tags.map((tag) => [tag, tag === '' ? t('users.noTags') : tag] as const)

function createUser(done: () => void): void {
  fillIn({
    title: t('users.create'),
    act: t('act.create'),
    fields: [
      { name: 'name', label: t('login.user'), required: true },
      { name: 'password', label: t('login.password'), kind: 'password', required: true },
      {
        name: 'tags',
        label: t('users.tags'),
        kind: 'select',
        options: tagOptions(),
        help: t('users.tagsHelp'),
      },
      ...vhostField(),
      {
        name: 'enters',
        label: t('users.enters'),
        kind: 'check',
        value: true,
        help: t('users.entersHelp'),
      },
    ],
    submit: async ({ name, password, tags, vhost, enters }) => {
      await ask('PUT', path`users/${String(name)}`, { json: { password, tags } })
      if (enters === true) {
        await ask('PUT', path`permissions/${String(vhost ?? oneVhost())}/${String(name)}`, {
          json: { configure: '.*', write: '.*', read: '.*' },
        })
      }
      tell(t('users.created', { name: String(name) }))
      done()
    },
  })
}

function editUser({ name, tags: has }: UserObject, done: () => void): void {
  fillIn({
    title: t('users.editTitle', { name }),
    text: t('users.editText'),
    act: t('act.save'),
    fields: [
      { name: 'tags', label: t('users.tags'), value: has.join(','), help: t('users.tagsList') },
      {
        name: 'password',
        label: t('users.newPassword'),
        kind: 'password',
        help: t('users.passwordHelp'),
      },
    ],
    submit: async ({ tags, password }) => {
      // Without a password the user would have none: what is not typed is left as it is.
      const json = password === '' ? { tags } : { tags, password }
      await ask('PUT', path`users/${name}`, { json })
      tell(t('users.saved', { name }))
      done()
    },
  })
}

function deleteUser({ name, homing }: UserObject, done: () => void): void {
  confirm({
    title: t('users.deleteTitle', { name }),
    text: t('users.deleteText', { count: number(homing.connections) }),
    act: t('act.delete'),
    submit: async () => {
      await ask('DELETE', path`users/${name}`)
      tell(t('users.deleted', { name }))
      done()
    },
  })
}

interface PermissionsProps {
  readonly mayEdit: boolean
  readonly reloadUsers: () => void
}

function Permissions({ mayEdit, reloadUsers }: PermissionsProps) {
  const { user } = place.value.query
  const permissions = useResource('permissions', (signal) =>
    get<readonly PermissionObject[]>('api/permissions', {}, signal),
  )
  const done = (): void => {
    permissions.reload()
    reloadUsers()
  }
  return (
    <Section
      title={user === undefined ? t('permissions.title') : t('permissions.of', { user })}
      end={
        <>
          {user !== undefined && (
            <Button kind="quiet" onClick={() => filterBy({ user: '' })}>
              {t('act.clearFilters')}
            </Button>
          )}
          {mayEdit && (
            <Button icon="plus" onClick={() => setPermission({ user: user ?? '' }, done)}>
              {t('permissions.set')}
            </Button>
          )}
        </>
      }
    >
      <Loaded of={permissions}>
        {(all) => {
          const rows = all.filter((one) => user === undefined || one.user === user)
          if (rows.length === 0)
            return (
              <Empty icon="user" title={t('permissions.none')} text={t('permissions.noneText')} />
            )
          return (
            <Table
              label={t('permissions.title')}
              rows={rows}
              columns={permissionColumns(mayEdit, done)}
              keyOf={(one) => `${one.user} ${one.vhost}`}
              sort={{ key: 'user' }}
            />
          )
        }}
      </Loaded>
    </Section>
  )
}

const rights = ['configure', 'write', 'read'] as const

const permissionColumns = (
  mayEdit: boolean,
  done: () => void,
): readonly Column<PermissionObject>[] => [
  {
    key: 'user',
    title: t('login.user'),
    by: ({ user }) => user,
    cell: ({ user }) => <span class="cell-name">{user}</span>,
  },
  textColumn({ key: 'vhost', title: t('hosts.one'), of: ({ vhost }) => vhost }),
  ...rights.map((right) => ({
    key: right,
    title: t(`permissions.${right}`),
    cell: (one: PermissionObject) => <code>{one[right] || '–'}</code>,
  })),
  {
    key: 'acts',
    title: '',
    class: 'does',
    cell: (one) =>
      mayEdit ? (
        <>
          <Button kind="quiet short" onClick={() => setPermission(one, done)}>
            {t('act.edit')}
          </Button>
          <Button
            kind="quiet short danger"
            icon="trash"
            label={t('permissions.clearTitle', one)}
            onClick={() => clearPermission(one, done)}
          />
        </>
      ) : null,
  },
]

function setPermission(of: Partial<PermissionObject>, done: () => void): void {
  const isNew = of.vhost === undefined
  fillIn({
    title: t('permissions.set'),
    text: t('permissions.text'),
    act: t('act.save'),
    fields: [
      { name: 'user', label: t('login.user'), value: of.user ?? '', required: true },
      ...(isNew ? vhostField() : []),
      ...rights.map((right) => ({
        name: right,
        label: t(`permissions.${right}`),
        value: of[right] ?? '.*',
        help: t(`permissions.${right}Help`),
      })),
    ],
    submit: async ({ user, vhost, configure, write, read }) => {
      const host = String(of.vhost ?? vhost ?? oneVhost())
      await ask('PUT', path`permissions/${host}/${String(user)}`, {
        json: { configure, write, read },
      })
      tell(t('permissions.saved', { user: String(user) }))
      done()
    },
  })
}

function clearPermission({ user, vhost }: PermissionObject, done: () => void): void {
  confirm({
    title: t('permissions.clearTitle', { user, vhost }),
    text: t('permissions.clearText'),
    act: t('act.delete'),
    submit: async () => {
      await ask('DELETE', path`permissions/${vhost}/${user}`)
      tell(t('permissions.cleared', { user }))
      done()
    },
  })
}
