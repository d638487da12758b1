/*
 * What comes later: cron schedules, and messages that are delayed.
 */

import type {
  DelayedJson,
  DelayedPageJson,
  ScheduleJson,
  SchedulePageJson,
} from '../../http/shapes/message-shapes.ts'
import {
  ListFoot,
  messageAddress,
  messageColumn,
  queueColumn,
  shownText,
  textColumn,
  timeColumn,
} from '../elements/columns.tsx'
import { Empty, Loaded, PageHead, Section } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { get } from '../site/api.ts'
import { usePages } from '../site/pages-of.ts'
import { useResource } from '../site/resource.ts'
import { go } from '../site/route.ts'
import { shownVhost } from '../site/vhosts.ts'
import { bytes, number, t } from '../texts/text.ts'

const rereadMs = 5_000

export function SchedulesPage() {
  const vhost = shownVhost()
  const schedules = useResource(
    'schedules',
    (signal) => get<SchedulePageJson>('api/schedules', { vhost }, signal),
    rereadMs,
  )
  const delayed = usePages(
    'delayed',
    (more, signal) => get<DelayedPageJson>('api/delayed', { vhost, ...more, limit: '50' }, signal),
    rereadMs,
  )
  return (
    <>
      <PageHead title={t('schedules.title')} text={t('schedules.text')} />
      <Loaded of={schedules}>
        {({ schedules: rows }) =>
          rows.length === 0 ? (
            <Empty icon="clock" title={t('schedules.none')} text={t('schedules.noneText')} />
          ) : (
            <Table
              label={t('schedules.title')}
              rows={rows}
              columns={scheduleColumns()}
              keyOf={(row) => `${row.vhost} ${row.queue} ${row.name}`}
              sort={{ key: 'next' }}
              onOpen={({ messageId, vhost }) => go(messageAddress(messageId, vhost))}
            />
          )
        }
      </Loaded>
      <Section title={t('schedules.delayed')}>
        <Loaded of={delayed}>
          {(read) => {
            const rows = read.flatMap(({ delayed }) => delayed)
            if (rows.length === 0)
              return (
                <Empty
                  icon="clock"
                  title={t('schedules.noDelayed')}
                  text={t('schedules.noDelayedText')}
                />
              )
            return (
              <Table
                label={t('schedules.delayed')}
                rows={rows}
                columns={columns()}
                keyOf={(row) => `${row.vhost} ${row.queue} ${row.position}`}
                onOpen={({ id, vhost }) => id !== undefined && go(messageAddress(id, vhost))}
                foot={<ListFoot text={shownText(rows.length)} more={delayed.more} />}
              />
            )
          }}
        </Loaded>
      </Section>
    </>
  )
}

const scheduleColumns = (): readonly Column<ScheduleJson>[] => [
  textColumn({
    key: 'name',
    title: t('schedules.name'),
    of: ({ name }) => name,
    class: 'cell-name',
  }),
  {
    key: 'cron',
    title: t('schedules.cron'),
    cell: ({ cron }) => <code>{cron ?? '–'}</code>,
  },
  textColumn({
    key: 'zone',
    title: t('schedules.zone'),
    of: ({ timezone }) => timezone,
    isExtra: true,
  }),
  queueColumn(),
  timeColumn({ key: 'next', title: t('schedules.next'), of: ({ nextAtMs }) => nextAtMs }),
]

const columns = (): readonly Column<DelayedJson>[] => [
  messageColumn((row) => ({ ...row, id: row.id })),
  queueColumn(),
  timeColumn({ key: 'at', title: t('schedules.comes'), of: ({ availableAtMs }) => availableAtMs }),
  {
    key: 'schedule',
    title: t('schedules.one'),
    isExtra: true,
    cell: ({ schedule }) => schedule ?? '–',
  },
  {
    key: 'attempts',
    title: t('message.attempts'),
    isNumber: true,
    isExtra: true,
    cell: ({ attempts }) => number(attempts),
  },
  {
    key: 'size',
    title: t('message.size'),
    isNumber: true,
    isExtra: true,
    cell: ({ bodyBytes }) => bytes(bodyBytes),
  },
]
