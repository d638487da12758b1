/*
 * What is known of a message beside its story: where, how long, by whom, with which headers.
 */

import type { StoryJson } from '../../http/shapes/story-shapes.ts'
import { messageAddress, queueAddress } from '../elements/columns.tsx'
import { Link } from '../elements/controls.tsx'
import { Ago, Facts } from '../elements/page.tsx'
import { hasManyVhosts } from '../site/vhosts.ts'
import { duration, number, t } from '../texts/text.ts'

export const MessageFacts = ({ story }: { readonly story: StoryJson }) => (
  <aside class="stack" aria-label={t('message.facts')}>
    <section class="card card-body">
      <Times story={story} />
    </section>
    {story.message && <Named title={t('message.headers')} of={story.message.headers} />}
    {story.message?.properties && (
      <Named title={t('message.properties')} of={story.message.properties} />
    )}
    {story.childIds.length > 0 && (
      <section class="card card-body stack" aria-label={t('message.children')}>
        <h2>{t('message.children')}</h2>
        <ul class="stack">
          {story.childIds.map((id) => (
            <li key={id} class="breakable">
              <MessageLink id={id} vhost={story.vhost} />
            </li>
          ))}
        </ul>
      </section>
    )}
  </aside>
)

interface MessageLinkProps {
  readonly id: string | undefined
  readonly vhost: string
}

const MessageLink = ({ id = '', vhost }: MessageLinkProps) => (
  <Link to={messageAddress(id, vhost)} class="fixed">
    {id}
  </Link>
)

const linked = (id: string | undefined, vhost: string) =>
  id === undefined ? undefined : <MessageLink id={id} vhost={vhost} />

const QueueLink = ({ vhost, queue }: { readonly vhost: string; readonly queue: string }) => (
  <Link to={queueAddress({ vhost, name: queue })}>{queue}</Link>
)

function Times({ story }: { readonly story: StoryJson }) {
  const { vhost, message, outcome, attemptsMade, attemptsMax } = story
  const tookMs = outcome && outcome.finishedAtMs - outcome.acceptedAtMs
  const deadlineMs = outcome === undefined ? story.deadlineAtMs : undefined
  const isTimed = message !== undefined && message.timeoutMs > 0
  return (
    <Facts
      of={[
        [t('queue.one'), <QueueLink key="queue" vhost={vhost} queue={story.queue} />],
        [t('hosts.one'), hasManyVhosts() ? vhost : undefined],
        [t('message.accepted'), <Ago key="accepted" ms={story.acceptedAtMs} />],
        [t('message.finished'), outcome && <Ago ms={outcome.finishedAtMs} />],
        [t('overview.roundTrip'), tookMs === undefined ? undefined : duration(tookMs)],
        [
          t('message.attempts'),
          attemptsMax === undefined
            ? number(attemptsMade)
            : t('message.attemptsOf', { count: attemptsMade, max: attemptsMax }),
        ],
        [t('message.deadline'), deadlineMs === undefined ? undefined : <Ago ms={deadlineMs} />],
        [t('exchanges.one'), message && (message.exchange || t('exchanges.default'))],
        [t('message.routingKey'), message?.routingKey],
        [t('message.priority'), message && number(message.priority)],
        [t('message.timeout'), isTimed ? duration(message.timeoutMs) : undefined],
        [t('message.key'), message?.key],
        [t('message.parent'), linked(story.parentId, vhost)],
        [t('message.replayOf'), linked(story.replayOf, vhost)],
        [t('message.replayedAs'), linked(story.replayedAs, vhost)],
      ]}
    />
  )
}

interface NamedProps {
  readonly title: string
  readonly of: Readonly<Record<string, unknown>>
}

function Named({ title, of }: NamedProps) {
  const entries = Object.entries(of)
  if (entries.length === 0) return null
  const text = (value: unknown): string =>
    typeof value === 'string' ? value : JSON.stringify(value)
  return (
    <section class="card card-body stack" aria-label={title}>
      <h2>{title}</h2>
      <Facts of={entries.map(([name, value]) => [name, <code key={name}>{text(value)}</code>])} />
    </section>
  )
}
