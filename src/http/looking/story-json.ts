/*
 * The story of a message as JSON.
 *
 * Rule: who may ask by id and may not read the queue is told what became of the message, and not what was in it.
 */

import type {
  Attempt,
  CallbackStory,
  MessageStory,
  StoryMessage,
} from '../../embedded/message-story.ts'
import { baseName, virtualHostOf } from '../../scoped-name.ts'
import { base64Of, bodyJson, outcomeJson } from '../results/outcome-answer.ts'
import type {
  AttemptJson,
  CallbackStoryJson,
  StoryJson,
  StoryMessageJson,
} from '../shapes/story-shapes.ts'
import { shownProperties } from '../shown-properties.ts'
import { finite } from './message-json.ts'

export function storyJson(story: MessageStory, mayRead: boolean): StoryJson {
  const vhost = virtualHostOf(story.queue)
  const { outcome, progress, message } = story
  return {
    id: baseName(story.id),
    vhost,
    state: story.state,
    queue: baseName(story.queue),
    position: story.position,
    acceptedAtMs: story.acceptedAtMs,
    message: message && mayRead ? storyMessageJson(message) : undefined,
    availableAtMs: finite(story.availableAtMs),
    deadlineAtMs: finite(story.deadlineAtMs),
    attemptsMax: finite(story.attemptsMax),
    attemptsMade: story.attemptsMade,
    attempts: story.attempts.map(attemptJson),
    progress: progress && {
      ...bodyJson(progress.contentType, progress.body),
      reportedAtMs: progress.reportedAtMs,
    },
    outcome:
      outcome &&
      outcomeJson({ ...outcome, id: baseName(outcome.id), queue: baseName(outcome.queue) }, vhost),
    isDeadLetter: story.isDeadLetter,
    callbacks: story.callbacks.map((callback) => callbackJson(callback, mayRead)),
    parentId: named(story.parentId),
    childIds: story.childIds.map(baseName),
    replayOf: named(story.replayOf),
    replayedAs: named(story.replayedAs),
  }
}

const named = (id: string | undefined): string | undefined =>
  id === undefined ? undefined : baseName(id)

const attemptJson = (attempt: Attempt): AttemptJson => ({
  ...attempt,
  error: attempt.error && { ...attempt.error },
})

const callbackJson = (callback: CallbackStory, mayRead: boolean): CallbackStoryJson => ({
  ...callback,
  name: baseName(callback.name),
  context: mayRead ? callback.context : undefined,
  tries: callback.tries.map(attemptJson),
})

const storyMessageJson = (message: StoryMessage): StoryMessageJson => ({
  exchange: baseName(message.exchange),
  routingKey: baseName(message.routingKey),
  contentType: message.contentType,
  bodyBytes: message.bodyBytes,
  bodyBase64: base64Of(message.body),
  priority: message.priority,
  timeoutMs: message.timeoutMs,
  headers: { ...message.headers },
  key: message.key,
  properties: message.properties && shownProperties(message.properties),
})
