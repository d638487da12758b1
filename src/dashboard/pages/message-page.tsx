/*
 * A message: its whole story, its body, what came of it.
 */

import { useState } from 'preact/hooks'
import type { ReplayedJson } from '../../http/shapes/dead-letter-shapes.ts'
import type { CanceledJson } from '../../http/shapes/message-shapes.ts'
import type { StoryJson } from '../../http/shapes/story-shapes.ts'
import { BodyView } from '../elements/body-view.tsx'
import { Button, CopyButton, Link } from '../elements/controls.tsx'
import { confirm } from '../elements/dialogs.tsx'
import { Badge, CodeBadge, Empty, Loaded, PageHead, Section } from '../elements/page.tsx'
import { tell } from '../elements/toasts.tsx'
import { ask, get, Problem, path } from '../site/api.ts'
import { useResource } from '../site/resource.ts'
import { addressOf, go, place } from '../site/route.ts'
import { mayIn } from '../site/session.ts'
import { allVhosts, oneVhost } from '../site/vhosts.ts'
import { t } from '../texts/text.ts'
import { MessageFacts } from './message-facts.tsx'
import { VhostSelect } from './message-filters.tsx'
import { Timeline } from './message-timeline.tsx'

const rereadMs = { live: 2_000, done: 20_000 }

export function MessagePage() {
  const { id = '', vhost = oneVhost() } = place.value.query
  const [isOver, setOver] = useState(false)
  const story = useResource(
    `story ${vhost} ${id}`,
    async (signal) => {
      const told = await get<StoryJson>(path`messages/${id}`, { vhost }, signal)
      setOver(isDone(told))
      return told
    },
    isOver ? rereadMs.done : rereadMs.live,
  )
  const isUnknown = story.error instanceof Problem && story.error.status === 404
  if (isUnknown && story.data === undefined) return <Unknown {...{ id, vhost }} />
  return (
    <>
      <PageHead
        title={id}
        above={['outcomes', t('outcomes.title')]}
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

/** Nothing more is to come, unless somebody replays it. */
const isDone = ({ state, callbacks }: StoryJson): boolean =>
  state === 'final' && callbacks.every((one) => one.state === 'told' || one.state === 'dead')

function Unknown({ id, vhost }: { readonly id: string; readonly vhost: string }) {
  const begin = id.slice(0, 8)
  return (
    <>
      <PageHead title={id} above={['outcomes', t('outcomes.title')]} />
      <Empty icon="search" title={t('message.unknown')} text={t('message.unknownText')}>
        {allVhosts().length > 1 && (
          <VhostSelect
            vhost={vhost}
            onChoose={(one) => go(addressOf('message', { id, vhost: one }))}
          />
        )}
        <Link class="button" to={addressOf('outcomes', { idPrefix: begin, vhost })}>
          {t('message.searchBegin', { begin })}
        </Link>
      </Empty>
    </>
  )
}

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
    <MessageFacts story={story} />
  </div>
)
