/*
 * Policies: settings for all queues and exchanges whose names match.
 */

import type { PolicyObject } from '../../http/shapes/policy.ts'
import { countColumn, textColumn } from '../elements/columns.tsx'
import { Button } from '../elements/controls.tsx'
import { confirm, fillIn } from '../elements/dialogs.tsx'
import { Empty, Loaded, PageHead } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { tell } from '../elements/toasts.tsx'
import { ask, get, path } from '../site/api.ts'
import { useResource } from '../site/resource.ts'
import { mayChange } from '../site/session.ts'
import { oneVhost } from '../site/vhosts.ts'
import { t } from '../texts/text.ts'
import { vhostField } from './queue-acts.ts'

export function PoliciesPage() {
  const policies = useResource('policies', (signal) =>
    get<readonly PolicyObject[]>('api/policies', {}, signal),
  )
  const create = mayChange('policymaker') && (
    <Button kind="main" icon="plus" onClick={() => setPolicy({}, policies.reload)}>
      {t('policies.create')}
    </Button>
  )
  return (
    <>
      <PageHead title={t('policies.title')} text={t('policies.text')}>
        {create}
      </PageHead>
      <Loaded of={policies}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty icon="policy" title={t('policies.none')} text={t('policies.noneText')}>
              {create}
            </Empty>
          ) : (
            <Table
              label={t('policies.title')}
              rows={rows}
              columns={columns(policies.reload)}
              keyOf={({ vhost, name }) => `${vhost} ${name}`}
              sort={{ key: 'name' }}
            />
          )
        }
      </Loaded>
    </>
  )
}

const columns = (reload: () => void): readonly Column<PolicyObject>[] => [
  {
    key: 'name',
    title: t('policies.one'),
    by: ({ name }) => name,
    cell: ({ name }) => <span class="cell-name">{name}</span>,
  },
  textColumn({ key: 'vhost', title: t('hosts.one'), of: ({ vhost }) => vhost, isExtra: true }),
  { key: 'pattern', title: t('policies.pattern'), cell: ({ pattern }) => <code>{pattern}</code> },
  { key: 'to', title: t('policies.applyTo'), isExtra: true, cell: (one) => one['apply-to'] },
  countColumn({ key: 'priority', title: t('policies.priority'), of: ({ priority }) => priority }),
  {
    key: 'definition',
    title: t('policies.definition'),
    isExtra: true,
    cell: ({ definition }) => {
      const text = JSON.stringify(definition)
      return <code title={text}>{text}</code>
    },
  },
  {
    key: 'acts',
    title: '',
    class: 'does',
    cell: (one) =>
      mayChange('policymaker') ? (
        <>
          <Button kind="quiet short" onClick={() => setPolicy(one, reload)}>
            {t('act.edit')}
          </Button>
          <Button
            kind="quiet short danger"
            icon="trash"
            label={t('policies.deleteTitle', { name: one.name })}
            onClick={() => deletePolicy(one, reload)}
          />
        </>
      ) : null,
  },
]

function setPolicy(of: Partial<PolicyObject>, done: () => void): void {
  fillIn({
    title: t('policies.create'),
    act: t('act.save'),
    fields: [
      ...(of.name === undefined
        ? [{ name: 'name', label: t('policies.one'), required: true }, ...vhostField()]
        : []),
      {
        name: 'pattern',
        label: t('policies.pattern'),
        value: of.pattern ?? '',
        required: true,
        placeholder: '^orders\\.',
        help: t('policies.patternHelp'),
      },
      {
        name: 'to',
        label: t('policies.applyTo'),
        kind: 'select',
        value: of['apply-to'] ?? 'queues',
        options: ['queues', 'exchanges', 'all'].map((one) => [one, one] as const),
      },
      {
        name: 'priority',
        label: t('policies.priority'),
        kind: 'number',
        value: String(of.priority ?? 0),
      },
      {
        name: 'definition',
        label: t('policies.definition'),
        kind: 'area',
        value: JSON.stringify(of.definition ?? { 'max-length': 100_000 }, undefined, 2),
        help: t('policies.definitionHelp'),
      },
    ],
    submit: async (values) => {
      const name = String(of.name ?? values.name)
      await ask('PUT', path`policies/${String(of.vhost ?? values.vhost ?? oneVhost())}/${name}`, {
        json: {
          pattern: values.pattern,
          'apply-to': values.to,
          priority: Number(values.priority),
          definition: JSON.parse(String(values.definition)) as unknown,
        },
      })
      tell(t('policies.saved', { name }))
      done()
    },
  })
}

function deletePolicy({ vhost, name, pattern }: PolicyObject, done: () => void): void {
  confirm({
    title: t('policies.deleteTitle', { name }),
    text: t('policies.deleteText', { pattern }),
    act: t('act.delete'),
    submit: async () => {
      await ask('DELETE', path`policies/${vhost}/${name}`)
      tell(t('policies.deleted', { name }))
      done()
    },
  })
}
