/*
 * The events of a message's story, one below the other.
 */

import type { ComponentChildren } from 'preact'
import type {
  AttemptErrorJson,
  AttemptJson,
  CallbackStoryJson,
  StoryJson,
} from '../../http/shapes/story-shapes.ts'
import { Link } from '../elements/controls.tsx'
import { Icon, type IconName } from '../elements/icon.tsx'
import { CodeBadge, type Tone } from '../elements/page.tsx'
import { addressOf } from '../site/route.ts'
import { ago, clockTime, date, duration, t, tn } from '../texts/text.ts'
import { laneOf, type StoryEvent, timelineOf } from './timeline.ts'

export const Timeline = ({ story }: { readonly story: StoryJson }) => (
  <ol class="story">
    {timelineOf(story, Date.now()).map((event, index) => (
      <EventView key={index} event={event} story={story} />
    ))}
  </ol>
)

interface BoxProps {
  readonly icon: IconName
  readonly tone?: Tone
  readonly what: ComponentChildren
  readonly atMs: number | undefined
  readonly children?: ComponentChildren
}

const Box = ({ icon, tone = '', what, atMs, children }: BoxProps) => (
  <li class={`event ${tone}`}>
    <span class="mark">
      <Icon name={icon} />
    </span>
    <span class="what">{what}</span>
    <span class="when">
      {atMs !== undefined && (
        <time dateTime={new Date(atMs).toISOString()} title={date(atMs)}>
          {clockTime(atMs)}
        </time>
      )}
    </span>
    {children !== undefined && <div class="more">{children}</div>}
  </li>
)

interface EventProps {
  readonly event: StoryEvent
  readonly story: StoryJson
}

function EventView({ event, story }: EventProps) {
  const { atMs } = event
  switch (event.kind) {
    case 'accepted':
      return <Accepted story={story} />
    case 'delayed':
      return (
        <Box
          icon="clock"
          what={t(event.isOver ? 'story.availableNow' : 'story.delayed')}
          atMs={atMs}
        >
          {!event.isOver && <p>{t('story.available', { time: ago(event.atMs) })}</p>}
        </Box>
      )
    case 'attempt':
      return <AttemptView attempt={event.attempt} story={story} />
    case 'not-kept':
      return <Box icon="clock" what={tn('story.notKept', event.count)} atMs={atMs} />
    case 'waits':
      return <Waits retryAtMs={event.retryAtMs} />
    case 'outcome':
      return (
        <Box
          icon={event.code === 'ok' ? 'outcome' : 'failure'}
          tone={event.code === 'ok' ? 'ok' : 'bad'}
          what={
            <>
              {t(event.code === 'ok' ? 'story.home' : 'story.homeFailed')}{' '}
              <CodeBadge code={event.code} />
            </>
          }
          atMs={atMs}
        >
          <p>{t('story.took', { time: duration(event.tookMs) })}</p>
        </Box>
      )
    case 'dead':
      return (
        <Box icon="dead" tone="bad" what={t('story.dead')} atMs={undefined}>
          <p>{t('story.deadText')}</p>
        </Box>
      )
    case 'callback':
      return <CallbackView callback={event.callback} />
    case 'folded':
      return <Folded attempts={event.attempts} />
    case 'callback-try':
      return <CallbackTry attempt={event.attempt} name={event.name} />
    case 'replayed':
      return (
        <Box icon="replay" tone="accent" what={t('message.replayedAs')} atMs={undefined}>
          <Link to={addressOf('message', { id: event.id, vhost: story.vhost })} class="fixed">
            {event.id}
          </Link>
        </Box>
      )
  }
}

const Accepted = ({ story }: { readonly story: StoryJson }) => (
  <Box icon="send" tone="ok" what={t('story.accepted')} atMs={story.acceptedAtMs}>
    <p>
      {t('story.acceptedText', { queue: story.queue })}
      {story.message?.exchange ? ` ${t('story.by', { exchange: story.message.exchange })}` : ''}
    </p>
  </Box>
)

const Waits = ({ retryAtMs }: { readonly retryAtMs: number | undefined }) => (
  <Box icon="clock" tone="accent" what={t('story.waits')} atMs={undefined}>
    <p>
      {retryAtMs === undefined ? t('story.waitsText') : t('story.retry', { time: ago(retryAtMs) })}
    </p>
  </Box>
)

const toneOf = ({ end, code }: AttemptJson): Tone => {
  if (end === 'running') return 'accent'
  if (end === 'settled') return code === undefined || code === 'ok' ? 'ok' : 'bad'
  return end === 'returned' || end === 'requeued' || end === 'not-kept' || end === 'canceled'
    ? 'warn'
    : 'bad'
}

const iconOf: Readonly<Record<string, IconName>> = { ok: 'outcome', bad: 'failure', warn: 'replay' }

function AttemptView({
  attempt,
  story,
}: {
  readonly attempt: AttemptJson
  readonly story: StoryJson
}) {
  const tone = toneOf(attempt)
  const lane = laneOf(story, attempt, Date.now())
  return (
    <Box
      icon={iconOf[tone] ?? 'play'}
      tone={tone}
      what={t('story.attempt', { number: attempt.number, end: endText(attempt) })}
      atMs={attempt.deliveredAtMs}
    >
      <Worker attempt={attempt} />
      {lane !== undefined && (
        <div class={`lane ${tone}`} aria-hidden="true">
          <i style={{ left: `${lane.left}%`, width: `${lane.width}%` }} />
        </div>
      )}
      <Thrown error={attempt.error} code={attempt.code} />
      {attempt.retryAtMs !== undefined && (
        <p>
          {t('story.retryAfter', {
            time: duration(
              Math.max(0, attempt.retryAtMs - (attempt.endedAtMs ?? attempt.retryAtMs)),
            ),
          })}
        </p>
      )}
    </Box>
  )
}

/** Who had it, and for how long. */
function Worker({ attempt }: { readonly attempt: AttemptJson }) {
  const { consumer, connection, user, deliveredAtMs, endedAtMs } = attempt
  const who = [consumer ?? t('consumer.unnamed'), user && t('story.user', { user }), connection]
  const took =
    deliveredAtMs === undefined || endedAtMs === undefined
      ? undefined
      : t('story.for', { time: duration(endedAtMs - deliveredAtMs) })
  return <p class="breakable">{[...who, took].filter(Boolean).join(' · ')}</p>
}

interface ThrownProps {
  readonly error: AttemptErrorJson | undefined
  readonly code: string | undefined
}

export function Thrown({ error, code }: ThrownProps) {
  if (error === undefined) return null
  const { name, message, stack, data } = error
  const title = [name ?? code, message].filter(Boolean).join(': ')
  return (
    <div class="thrown">
      <strong>{title || t('story.error')}</strong>
      {(stack ?? data) !== undefined && (
        <details open={stack === undefined}>
          <summary>{t(stack === undefined ? 'story.data' : 'story.stack')}</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys, too */}
          <pre tabIndex={0}>{stack ?? data}</pre>
        </details>
      )}
    </div>
  )
}

const callbackTones: Readonly<Record<CallbackStoryJson['state'], Tone>> = {
  pending: '',
  waiting: 'accent',
  running: 'accent',
  'backing-off': 'warn',
  told: 'ok',
  dead: 'bad',
}

const CallbackView = ({ callback }: { readonly callback: CallbackStoryJson }) => (
  <Box
    icon="away"
    tone={callbackTones[callback.state]}
    what={t(`story.${callback.kind}`, { name: callback.name })}
    atMs={undefined}
  >
    <p>
      {t(`story.callback.${callback.state}`)}
      {callback.triesMade > 0 && ` · ${tn('story.tries', callback.triesMade)}`}
      {callback.nextTryAtMs !== undefined &&
        ` · ${t('story.retry', { time: ago(callback.nextTryAtMs) })}`}
    </p>
    {callback.context !== undefined && (
      <p class="breakable">{t('story.context', { context: callback.context })}</p>
    )}
  </Box>
)

const Folded = ({ attempts }: { readonly attempts: readonly AttemptJson[] }) => (
  <Box icon="clock" what={tn('story.earlier', attempts.length)} atMs={attempts[0]?.deliveredAtMs}>
    <details class="folded">
      <summary>{t('story.showEarlier')}</summary>
      <ol>
        {attempts.map(({ number, deliveredAtMs, error, end }) => (
          <li key={number}>
            <span>{number}</span>
            <span>{deliveredAtMs === undefined ? '–' : clockTime(deliveredAtMs)}</span>
            <span class="words">{error?.message ?? error?.name ?? t(`story.end.${end}`)}</span>
          </li>
        ))}
      </ol>
    </details>
  </Box>
)

/** How an attempt ended; of one that settled it is said whether it was in vain. */
const endText = ({ end, code }: AttemptJson): string =>
  end === 'settled' && code !== undefined && code !== 'ok'
    ? t('story.end.last')
    : t(`story.end.${end}`)

interface TryProps {
  readonly attempt: AttemptJson
  readonly name: string
}

const CallbackTry = ({ attempt, name }: TryProps) => (
  <Box
    icon={iconOf[toneOf(attempt)] ?? 'play'}
    tone={toneOf(attempt)}
    what={t('story.try', { name, number: attempt.number, end: endText(attempt) })}
    atMs={attempt.deliveredAtMs}
  >
    <Worker attempt={attempt} />
    <Thrown error={attempt.error} code={attempt.code} />
  </Box>
)
