/*
 * Outcomes whose callback has not returned yet: what is finished, and not home.
 */

import type {
  CallbackFiguresJson,
  CallbackPageJson,
  NotHomeJson,
  NotHomePageJson,
} from '../../http/shapes/dead-letter-shapes.ts'
import { Button, Link, Select } from '../elements/controls.tsx'
import { Ago, Badge, CodeBadge, Empty, Loaded, PageHead, Section } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { get } from '../site/api.ts'
import { usePages } from '../site/pages-of.ts'
import { useResource } from '../site/resource.ts'
import { addressOf, filterBy, go, place } from '../site/route.ts'
import { shownVhost } from '../site/vhosts.ts'
import { number, t, tn } from '../texts/text.ts'
import { queueAddress } from './queues-page.tsx'

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
                foot={
                  <>
                    <span>{tn('told.shown', rows.length)}</span>
                    {pages.more && (
                      <Button kind="short" onClick={pages.more}>
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
      {
        key: 'waiting',
        title: t('away.waiting'),
        isNumber: true,
        by: (one) => one.waiting,
        cell: (one) => number(one.waiting),
      },
      {
        key: 'running',
        title: t('away.running'),
        isNumber: true,
        by: (one) => one.running,
        cell: (one) => number(one.running),
      },
      {
        key: 'backing',
        title: t('away.backing-off'),
        isNumber: true,
        by: (one) => one.backingOff,
        cell: (one) => number(one.backingOff),
      },
      {
        key: 'consumers',
        title: t('count.consumers'),
        isNumber: true,
        isExtra: true,
        by: (one) => one.consumers,
        cell: (one) => number(one.consumers),
      },
    ]}
  />
)

const columns = (): readonly Column<NotHomeJson>[] => [
  {
    key: 'id',
    title: t('message.id'),
    cell: ({ messageId, vhost }) => (
      <Link to={addressOf('message', { id: messageId, vhost })} class="fixed">
        {messageId}
      </Link>
    ),
  },
  { key: 'code', title: t('outcome.code'), cell: ({ code }) => <CodeBadge code={code} /> },
  { key: 'callback', title: t('away.callback'), isExtra: true, cell: ({ callback }) => callback },
  {
    key: 'state',
    title: t('away.state'),
    cell: ({ state }) => (
      <Badge tone={state === 'backing-off' ? 'warn' : 'accent'}>{t(`away.${state}`)}</Badge>
    ),
  },
  {
    key: 'tries',
    title: t('away.tries'),
    isNumber: true,
    by: ({ tries }) => tries,
    cell: ({ tries }) => number(tries),
  },
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
  {
    key: 'finished',
    title: t('message.finished'),
    by: ({ finishedAtMs }) => finishedAtMs,
    cell: ({ finishedAtMs }) => <Ago ms={finishedAtMs} />,
  },
]
