/*
 * Messages of a queue, looked at without taking them.
 */

import { useState } from 'preact/hooks'
import type { QueueRowJson } from '../../http/shapes/figures-shapes.ts'
import type {
  MessagePageJson,
  MessageSummaryJson,
  WholeMessageJson,
} from '../../http/shapes/message-shapes.ts'
import { BodyView } from '../elements/body-view.tsx'
import { countColumn } from '../elements/columns.tsx'
import { Button, Choice, Link } from '../elements/controls.tsx'
import { Ago, Badge, Empty, Facts, Loaded, Section } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { get, path } from '../site/api.ts'
import { useResource } from '../site/resource.ts'
import { addressOf, go } from '../site/route.ts'
import { mayIn } from '../site/session.ts'
import { bytes, t, tn } from '../texts/text.ts'
import { sendMessage } from './queue-acts.ts'

type State = MessageSummaryJson['state']

interface QueueMessagesProps {
  readonly vhost: string
  readonly name: string
  readonly row: QueueRowJson
}

const shownMax = '100'
const rereadMs = 5_000

export function QueueMessages({ vhost, name, row }: QueueMessagesProps) {
  const [state, setState] = useState<State>('ready')
  const [position, setPosition] = useState<number>()
  const page = useResource(
    `messages ${vhost} ${name} ${state}`,
    (signal) =>
      get<MessagePageJson>(
        path`queues/${vhost}/${name}/messages`,
        { state, limit: shownMax },
        signal,
      ),
    rereadMs,
  )
  const open = ({ id, position: at }: MessageSummaryJson): void => {
    if (id === undefined) setPosition(at)
    else go(addressOf('message', { id, vhost }))
  }
  return (
    <Section
      title={t('queue.messages')}
      end={
        <Choice
          label={t('queue.state')}
          value={state}
          options={[
            ['ready', t('count.ready')],
            ['unsettled', t('count.unacked')],
            ['delayed', t('count.delayed')],
          ]}
          onChoose={(value) => {
            setPosition(undefined)
            setState(value)
          }}
        />
      }
    >
      <Loaded of={page}>
        {({ messages, next }) =>
          messages.length === 0 ? (
            <NoMessages state={state} row={row} />
          ) : (
            <Table
              label={t('queue.messages')}
              rows={messages}
              columns={columnsFor(vhost)}
              keyOf={(one) => String(one.position)}
              onOpen={open}
              foot={next === undefined ? t('queue.peeked') : tn('queue.firstOf', messages.length)}
            />
          )
        }
      </Loaded>
      {position !== undefined && <Whole vhost={vhost} name={name} position={position} />}
    </Section>
  )
}

const NoMessages = ({ state, row }: { readonly state: State; readonly row: QueueRowJson }) => (
  <Empty
    icon="queue"
    title={t(`queue.empty.${state}`)}
    text={t(state === 'ready' ? 'queue.emptyText' : 'queue.emptyOther')}
  >
    {state === 'ready' && row.kind === 'queue' && mayIn(row.vhost, 'write') && (
      <Button icon="send" onClick={() => sendMessage(row)}>
        {t('queue.send')}
      </Button>
    )}
  </Empty>
)

const columnsFor = (vhost: string): readonly Column<MessageSummaryJson>[] => [
  {
    key: 'id',
    title: t('message.id'),
    cell: ({ id, position, unreadable }) => (
      <>
        {id === undefined ? (
          <span class="muted">{t('message.noId', { position })}</span>
        ) : (
          <Link to={addressOf('message', { id, vhost })} class="fixed">
            {id}
          </Link>
        )}
        {unreadable && <Badge tone="bad">{t('message.damaged')}</Badge>}
      </>
    ),
  },
  {
    key: 'accepted',
    title: t('message.accepted'),
    cell: ({ acceptedAtMs }) => <Ago ms={acceptedAtMs} />,
    by: ({ acceptedAtMs }) => acceptedAtMs ?? 0,
  },
  {
    key: 'held',
    title: t('message.heldBy'),
    isExtra: true,
    cell: ({ held, availableAtMs, state }) =>
      state === 'delayed' ? (
        <Ago ms={availableAtMs} />
      ) : held === undefined ? (
        '–'
      ) : (
        (held.consumer ?? held.connection ?? t('consumer.unnamed'))
      ),
  },
  countColumn({ key: 'attempts', title: t('message.attempts'), of: ({ attempts }) => attempts }),
  countColumn({
    key: 'priority',
    title: t('message.priority'),
    of: ({ priority }) => priority,
    isExtra: true,
  }),
  {
    key: 'type',
    title: t('message.type'),
    isExtra: true,
    cell: ({ contentType }) => contentType || '–',
  },
  {
    key: 'size',
    title: t('message.size'),
    isNumber: true,
    by: ({ bodyBytes }) => bodyBytes,
    cell: ({ bodyBytes }) => bytes(bodyBytes),
  },
]

interface WholeProps {
  readonly vhost: string
  readonly name: string
  readonly position: number
}

/** A message without an id has no page of its own. */
function Whole({ vhost, name, position }: WholeProps) {
  const whole = useResource(`whole ${vhost} ${name} ${position}`, (signal) =>
    get<WholeMessageJson>(path`queues/${vhost}/${name}/messages/${String(position)}`, {}, signal),
  )
  return (
    <Section title={t('message.noId', { position })}>
      <Loaded of={whole}>
        {(message) => (
          <div class="stack">
            <BodyView key={position} title={t('message.body')} {...message} />
            <div class="card card-body">
              <Facts
                of={[
                  [t('exchanges.one'), message.exchange || t('exchanges.default')],
                  [t('message.routingKey'), message.routingKey],
                  ...Object.entries(message.properties ?? {}).map(
                    ([key, value]) =>
                      [key, <code key={key}>{JSON.stringify(value)}</code>] as const,
                  ),
                ]}
              />
            </div>
          </div>
        )}
      </Loaded>
    </Section>
  )
}
