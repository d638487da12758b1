/*
 * A message: its whole story, its body, what came of it.
 */

import type { ReplayedJson } from '../../http/shapes/dead-letter-shapes.ts'
import type { CanceledJson } from '../../http/shapes/message-shapes.ts'
import type { StoryJson } from '../../http/shapes/story-shapes.ts'
import { BodyView } from '../elements/body-view.tsx'
import { Button, CopyButton, Link } from '../elements/controls.tsx'
import { confirm } from '../elements/dialogs.tsx'
import {
  Ago,
  Badge,
  CodeBadge,
  Empty,
  Facts,
  Loaded,
  PageHead,
  Section,
} from '../elements/page.tsx'
import { tell } from '../elements/toasts.tsx'
import { ask, get, Problem, path } from '../site/api.ts'
import { useResource } from '../site/resource.ts'
import { addressOf, go, place } from '../site/route.ts'
import { mayIn } from '../site/session.ts'
import { hasManyVhosts, oneVhost } from '../site/vhosts.ts'
import { duration, number, t } from '../texts/text.ts'
import { Timeline } from './message-timeline.tsx'
import { queueAddress } from './queues-page.tsx'

const rereadMs = 2_000

export function MessagePage() {
  const { id = '', vhost = oneVhost() } = place.value.query
  const story = useResource(
    `story ${vhost} ${id}`,
    (signal) => get<StoryJson>(path`messages/${id}`, { vhost }, signal),
    rereadMs,
  )
  const isUnknown = story.error instanceof Problem && story.error.status === 404
  if (isUnknown && story.data === undefined) return <Unknown id={id} />
  return (
    <>
      <PageHead
        title={id}
        above={['outcomes', t('message.title')]}
        badges={story.data && <State story={story.data} />}
      >
        <CopyButton text={id} />
        {story.data && <Acts story={story.data} reload={story.reload} />}
      </PageHead>
      <Loaded of={{ data: story.data, error: story.data && !isUnknown ? undefined : story.error }}>
        {(told) => <Story story={told} />}
      </Loaded>
    </>
  )
}

const Unknown = ({ id }: { readonly id: string }) => (
  <>
    <PageHead title={id} above={['outcomes', t('message.title')]} />
    <Empty icon="search" title={t('message.unknown')} text={t('message.unknownText')}>
      <Link class="button" to={addressOf('outcomes', { idPrefix: id.slice(0, 8) })}>
        {t('message.searchBegin', { begin: id.slice(0, 8) })}
      </Link>
    </Empty>
  </>
)

function State({ story: { state, outcome } }: { readonly story: StoryJson }) {
  if (outcome !== undefined) return <CodeBadge code={outcome.code} />
  return <Badge tone="accent">{t(`message.state.${state}`)}</Badge>
}

interface ActsProps {
  readonly story: StoryJson
  readonly reload: () => void
}

function Acts({ story, reload }: ActsProps) {
  const { id, vhost, queue, state, isDeadLetter } = story
  const replay = async (): Promise<void> => {
    const { ids } = await ask<ReplayedJson>('POST', path`dead-letters/${id}/replay`, {
      query: { vhost },
    })
    tell(t('dead.replayedOne', { queue }))
    if (ids[0] !== undefined) go(addressOf('message', { id: ids[0], vhost }))
  }
  const cancel = (): void =>
    confirm({
      title: t('message.cancelTitle'),
      text: t('message.cancelText', { queue }),
      act: t('message.cancelAct'),
      submit: async () => {
        const { canceled } = await ask<CanceledJson>('DELETE', path`messages/${id}`, {
          query: { vhost },
        })
        tell(t(canceled ? 'message.canceled' : 'message.wasFinal'))
        reload()
      },
    })
  return (
    <>
      {isDeadLetter && mayIn(vhost, 'write') && (
        <Button kind="main" icon="replay" onClick={replay}>
          {t('dead.replay')}
        </Button>
      )}
      {state !== 'final' && mayIn(vhost, 'read') && (
        <Button kind="danger" onClick={cancel}>
          {t('message.cancel')}
        </Button>
      )}
    </>
  )
}

const Story = ({ story }: { readonly story: StoryJson }) => (
  <div class="columns">
    <div>
      <section class="card" aria-label={t('message.story')}>
        <div class="card-head">
          <h2>{t('message.story')}</h2>
        </div>
        <Timeline story={story} />
      </section>
      <Section title={t('message.bodies')}>
        <div class="stack">
          {story.message === undefined ? (
            <p class="card card-body muted">{t('message.notKept')}</p>
          ) : (
            <BodyView title={t('message.body')} {...story.message} />
          )}
          {story.progress && <BodyView title={t('message.progress')} {...story.progress} />}
          {story.outcome && (
            <BodyView
              title={t(story.outcome.code === 'ok' ? 'message.result' : 'message.errorData')}
              {...story.outcome}
            />
          )}
        </div>
      </Section>
    </div>
    <Side story={story} />
  </div>
)

const messageLink = (id: string, vhost: string) => (
  <Link to={addressOf('message', { id, vhost })} class="fixed">
    {id}
  </Link>
)

function Side({ story }: { readonly story: StoryJson }) {
  const { vhost, queue, message, outcome, parentId, replayOf, replayedAs, childIds } = story
  const attempts =
    story.attemptsMax === undefined
      ? number(story.attemptsMade)
      : t('message.attemptsOf', { count: story.attemptsMade, max: story.attemptsMax })
  const isEndless = message !== undefined && message.timeoutMs <= 0
  return (
    <aside class="stack" aria-label={t('message.facts')}>
      <section class="card card-body">
        <Facts
          of={[
            [
              t('queue.one'),
              <Link key="queue" to={queueAddress({ vhost, name: queue })}>
                {queue}
              </Link>,
            ],
            ...(hasManyVhosts() ? [[t('hosts.one'), vhost] as const] : []),
            [t('message.accepted'), <Ago key="accepted" ms={story.acceptedAtMs} />],
            ...(outcome
              ? [
                  [
                    t('message.finished'),
                    <Ago key="finished" ms={outcome.finishedAtMs} />,
                  ] as const,
                  [
                    t('overview.roundTrip'),
                    duration(outcome.finishedAtMs - outcome.acceptedAtMs),
                  ] as const,
                ]
              : []),
            [t('message.attempts'), attempts],
            ...(story.deadlineAtMs && !outcome
              ? [[t('message.deadline'), <Ago key="deadline" ms={story.deadlineAtMs} />] as const]
              : []),
            ...(message
              ? [
                  [t('exchanges.one'), message.exchange || t('exchanges.default')] as const,
                  [t('message.routingKey'), message.routingKey || '–'] as const,
                  [t('message.priority'), number(message.priority)] as const,
                  ...(isEndless
                    ? []
                    : [[t('message.timeout'), duration(message.timeoutMs)] as const]),
                  ...(message.key ? [[t('message.key'), message.key] as const] : []),
                ]
              : []),
            ...(parentId ? [[t('message.parent'), messageLink(parentId, vhost)] as const] : []),
            ...(replayOf ? [[t('message.replayOf'), messageLink(replayOf, vhost)] as const] : []),
            ...(replayedAs
              ? [[t('message.replayedAs'), messageLink(replayedAs, vhost)] as const]
              : []),
          ]}
        />
      </section>
      {message && <Named title={t('message.headers')} of={message.headers} />}
      {message?.properties && <Named title={t('message.properties')} of={message.properties} />}
      {childIds.length > 0 && (
        <section class="card card-body stack" aria-label={t('message.children')}>
          <h2>{t('message.children')}</h2>
          <ul class="stack">
            {childIds.map((id) => (
              <li key={id} class="breakable">
                {messageLink(id, vhost)}
              </li>
            ))}
          </ul>
        </section>
      )}
    </aside>
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
