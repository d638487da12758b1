/*
 * Who consumes from a queue, and what each of them holds.
 */

import type { ConsumerJson } from '../../http/shapes/figures-shapes.ts'
import { countColumn } from '../elements/columns.tsx'
import { Link } from '../elements/controls.tsx'
import { Badge, Empty, Section } from '../elements/page.tsx'
import { Table } from '../elements/table.tsx'
import { addressOf } from '../site/route.ts'
import { number, t } from '../texts/text.ts'

export const QueueConsumers = ({ consumers }: { readonly consumers: readonly ConsumerJson[] }) => (
  <Section title={t('count.consumers')}>
    {consumers.length === 0 ? (
      <Empty icon="link" title={t('queue.noConsumers')} text={t('queue.noConsumersText')} />
    ) : (
      <Table
        label={t('count.consumers')}
        rows={consumers.map((one, index) => ({
          ...one,
          key: `${one.connection} ${one.consumer} ${index}`,
        }))}
        keyOf={({ key }) => key}
        columns={[
          {
            key: 'consumer',
            title: t('consumer.name'),
            by: ({ consumer }) => consumer ?? '',
            cell: ({ consumer, active }) => (
              <>
                <span class="cell-name">{consumer ?? t('consumer.unnamed')}</span>
                {!active && <Badge>{t('consumer.waiting')}</Badge>}
              </>
            ),
          },
          {
            key: 'connection',
            title: t('consumer.connection'),
            isExtra: true,
            cell: ({ connection }) =>
              connection === undefined ? (
                <span class="muted">{t('consumer.inside')}</span>
              ) : (
                <Link to={addressOf('connections', { name: connection })}>{connection}</Link>
              ),
          },
          { key: 'user', title: t('login.user'), isExtra: true, cell: ({ user }) => user ?? '–' },
          countColumn<ConsumerJson & { key: string }>({
            key: 'unsettled',
            title: t('count.unacked'),
            of: ({ unsettled }) => unsettled,
          }),
          {
            key: 'prefetch',
            title: t('consumer.prefetch'),
            isNumber: true,
            cell: ({ prefetch }) => (prefetch === undefined ? '∞' : number(prefetch)),
          },
          {
            key: 'acknowledges',
            title: t('consumer.acknowledges'),
            isExtra: true,
            cell: ({ acknowledges }) => t(acknowledges ? 'told.yes' : 'told.no'),
          },
        ]}
      />
    )}
  </Section>
)
