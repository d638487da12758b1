/*
 * What comes later: cron schedules, and messages that are delayed.
 */

import type {
  DelayedJson,
  DelayedPageJson,
  SchedulePageJson,
} from '../../http/shapes/message-shapes.ts'
import { Button, Link } from '../elements/controls.tsx'
import { Ago, Empty, Loaded, PageHead, Section } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { get } from '../site/api.ts'
import { usePages } from '../site/pages-of.ts'
import { useResource } from '../site/resource.ts'
import { addressOf, go } from '../site/route.ts'
import { shownVhost } from '../site/vhosts.ts'
import { bytes, number, t, tn } from '../texts/text.ts'
import { queueAddress } from './queues-page.tsx'

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
              keyOf={(row) => `${row.vhost} ${row.queue} ${row.name}`}
              sort={{ key: 'next' }}
              onOpen={({ messageId, vhost }) => go(addressOf('message', { id: messageId, vhost }))}
              columns={[
                {
                  key: 'name',
                  title: t('schedules.name'),
                  by: ({ name }) => name,
                  cell: ({ name }) => <span class="cell-name">{name}</span>,
                },
                {
                  key: 'cron',
                  title: t('schedules.cron'),
                  cell: ({ cron }) => <code>{cron ?? '–'}</code>,
                },
                {
                  key: 'zone',
                  title: t('schedules.zone'),
                  isExtra: true,
                  cell: ({ timezone }) => timezone ?? '–',
                },
                {
                  key: 'queue',
                  title: t('queue.one'),
                  by: ({ queue }) => queue,
                  cell: ({ vhost, queue }) => (
                    <Link to={queueAddress({ vhost, name: queue })}>{queue}</Link>
                  ),
                },
                {
                  key: 'next',
                  title: t('schedules.next'),
                  by: ({ nextAtMs }) => nextAtMs,
                  cell: ({ nextAtMs }) => <Ago ms={nextAtMs} />,
                },
              ]}
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
                onOpen={({ id, vhost }) =>
                  id !== undefined && go(addressOf('message', { id, vhost }))
                }
                foot={
                  <>
                    <span>{tn('told.shown', rows.length)}</span>
                    {delayed.more && (
                      <Button kind="short" onClick={delayed.more}>
                        {t('act.more')}
                      </Button>
                    )}
                  </>
                }
              />
            )
          }}
        </Loaded>
      </Section>
    </>
  )
}

const columns = (): readonly Column<DelayedJson>[] => [
  {
    key: 'id',
    title: t('message.id'),
    cell: ({ id, vhost, position }) =>
      id === undefined ? (
        <span class="muted">{t('message.noId', { position })}</span>
      ) : (
        <Link to={addressOf('message', { id, vhost })} class="fixed">
          {id}
        </Link>
      ),
  },
  {
    key: 'queue',
    title: t('queue.one'),
    by: ({ queue }) => queue,
    cell: ({ vhost, queue }) => <Link to={queueAddress({ vhost, name: queue })}>{queue}</Link>,
  },
  {
    key: 'at',
    title: t('schedules.comes'),
    by: ({ availableAtMs }) => availableAtMs ?? 0,
    cell: ({ availableAtMs }) => <Ago ms={availableAtMs} />,
  },
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
