/*
 * Outcomes whose callback has not returned yet: what is finished, and not home.
 */

import type {
  CallbackFiguresJson,
  CallbackPageJson,
  NotHomeJson,
  NotHomePageJson,
} from '../../http/shapes/dead-letter-shapes.ts'
import {
  countColumn,
  ListFoot,
  messageColumn,
  queueAddress,
  shownText,
  timeColumn,
} from '../elements/columns.tsx'
import { Link, Select } from '../elements/controls.tsx'
import { Ago, Badge, CodeBadge, Empty, Loaded, PageHead, Section } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { get } from '../site/api.ts'
import { usePages } from '../site/pages-of.ts'
import { useResource } from '../site/resource.ts'
import { addressOf, filterBy, go, place } from '../site/route.ts'
import { shownVhost } from '../site/vhosts.ts'
import { t } from '../texts/text.ts'

const rereadMs = 3_000

export function NotHomePage() {
  const vhost = shownVhost()
  const { callback } = place.value.query
  const callbacks = useResource(
    'callbacks',
    (signal) => get<CallbackPageJson>('api/callbacks', { vhost }, signal),
    rereadMs,
  )
  const pages = usePages(
    `away ${callback}`,
    (more, signal) =>
      get<NotHomePageJson>('api/not-home', { vhost, callback, ...more, limit: '50' }, signal),
    rereadMs,
  )
  const names = callbacks.data?.callbacks ?? []
  return (
    <>
      <PageHead title={t('away.title')} text={t('away.text')} />
      {names.length > 0 && <Callbacks of={names} />}
      <Section
        title={t('away.outcomes')}
        end={
          names.length > 1 && (
            <Select
              label={t('away.callback')}
              value={callback ?? ''}
              options={[['', t('away.all')], ...names.map(({ name }) => [name, name] as const)]}
              onChoose={(value) => filterBy({ callback: value })}
            />
          )
        }
      >
        <Loaded of={pages}>
          {(read) => {
            const rows = read.flatMap(({ notHome }) => notHome)
            if (rows.length === 0)
              return <Empty icon="away" title={t('away.none')} text={t('away.noneText')} />
            return (
              <Table
                label={t('away.outcomes')}
                rows={rows}
                columns={columns()}
                keyOf={(row) => `${row.vhost} ${row.callback} ${row.position}`}
                onOpen={({ messageId, vhost }) =>
                  go(addressOf('message', { id: messageId, vhost }))
                }
                foot={<ListFoot text={shownText(rows.length)} more={pages.more} />}
              />
            )
          }}
        </Loaded>
      </Section>
    </>
  )
}

const Callbacks = ({ of }: { readonly of: readonly CallbackFiguresJson[] }) => (
  <Table
    label={t('away.callbacks')}
    rows={of}
    keyOf={({ vhost, name }) => `${vhost} ${name}`}
    sort={{ key: 'name' }}
    onOpen={({ vhost, queue }) => go(queueAddress({ vhost, name: queue }))}
    columns={[
      {
        key: 'name',
        title: t('away.callback'),
        by: ({ name }) => name,
        cell: ({ name, vhost, queue, paused, consumers }) => (
          <>
            <Link to={queueAddress({ vhost, name: queue })} class="cell-name">
              {name}
            </Link>
            {paused && <Badge tone="warn">{t('queue.paused')}</Badge>}
            {consumers === 0 && <Badge tone="warn">{t('away.nobody')}</Badge>}
          </>
        ),
      },
      countColumn<CallbackFiguresJson>({
        key: 'waiting',
        title: t('away.waiting'),
        of: (one) => one.waiting,
      }),
      countColumn<CallbackFiguresJson>({
        key: 'running',
        title: t('away.running'),
        of: (one) => one.running,
      }),
      countColumn<CallbackFiguresJson>({
        key: 'backing',
        title: t('away.backing-off'),
        of: (one) => one.backingOff,
      }),
      countColumn<CallbackFiguresJson>({
        key: 'consumers',
        title: t('count.consumers'),
        of: (one) => one.consumers,
        isExtra: true,
      }),
    ]}
  />
)

const columns = (): readonly Column<NotHomeJson>[] => [
  messageColumn(({ messageId: id, vhost }) => ({ id, vhost })),
  { key: 'code', title: t('outcome.code'), cell: ({ code }) => <CodeBadge code={code} /> },
  { key: 'callback', title: t('away.callback'), isExtra: true, cell: ({ callback }) => callback },
  {
    key: 'state',
    title: t('away.state'),
    cell: ({ state }) => (
      <Badge tone={state === 'backing-off' ? 'warn' : 'accent'}>{t(`away.${state}`)}</Badge>
    ),
  },
  countColumn<NotHomeJson>({ key: 'tries', title: t('away.tries'), of: ({ tries }) => tries }),
  {
    key: 'error',
    title: t('away.lastError'),
    isExtra: true,
    cell: ({ lastError }) => {
      const text = lastError?.message ?? lastError?.name
      return <span title={text}>{text ?? '–'}</span>
    },
  },
  {
    key: 'next',
    title: t('away.next'),
    isExtra: true,
    cell: ({ nextTryAtMs }) => <Ago ms={nextTryAtMs} />,
  },
  timeColumn({
    key: 'finished',
    title: t('message.finished'),
    of: ({ finishedAtMs }) => finishedAtMs,
  }),
]
