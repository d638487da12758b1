/*
 * Who did what, from where, and what came of it.
 */

import type { AuditEntry, AuditPage as AuditPageJson } from '../../http/shapes/audit.ts'
import { ListFoot, shownText } from '../elements/columns.tsx'
import { Ago, Badge, Empty, Loaded, PageHead } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { get } from '../site/api.ts'
import { usePages } from '../site/pages-of.ts'
import { t } from '../texts/text.ts'

const rereadMs = 5_000

export function AuditPage() {
  const pages = usePages(
    'audit',
    async ({ after }, signal) => {
      const page = await get<AuditPageJson>('api/audit', { before: after, limit: '50' }, signal)
      return { entries: page.entries, next: page.next === null ? undefined : String(page.next) }
    },
    rereadMs,
  )
  return (
    <>
      <PageHead title={t('audit.title')} text={t('audit.text')} />
      <Loaded of={pages}>
        {(read) => {
          const rows = read.flatMap(({ entries }) => entries)
          if (rows.length === 0)
            return <Empty icon="audit" title={t('audit.none')} text={t('audit.noneText')} />
          return (
            <Table
              label={t('audit.title')}
              rows={rows}
              columns={columns()}
              keyOf={({ sequence }) => String(sequence)}
              foot={<ListFoot text={shownText(rows.length)} more={pages.more} />}
            />
          )
        }}
      </Loaded>
    </>
  )
}

const columns = (): readonly Column<AuditEntry>[] => [
  { key: 'at', title: t('audit.at'), cell: ({ at }) => <Ago ms={at} /> },
  {
    key: 'user',
    title: t('login.user'),
    cell: ({ user }) => user || <span class="muted">{t('audit.nobody')}</span>,
  },
  { key: 'action', title: t('audit.action'), cell: ({ action }) => <code>{action}</code> },
  { key: 'on', title: t('audit.on'), cell: ({ on }) => <span title={on}>{on || '–'}</span> },
  {
    key: 'result',
    title: t('audit.result'),
    cell: ({ result, code }) => (
      <Badge tone={result === 'done' ? 'ok' : 'bad'} title={code}>
        {t(`audit.${result}`)}
      </Badge>
    ),
  },
  { key: 'from', title: t('audit.from'), isExtra: true, cell: ({ from }) => from },
  {
    key: 'sequence',
    title: t('audit.sequence'),
    isNumber: true,
    isExtra: true,
    cell: ({ sequence }) => String(sequence),
  },
]
