import type { CaseFiles } from '../case-files.ts'
import { confirmOf, sameAnswer, tell } from '../facts.ts'
import type { HistoryEvent } from '../history.ts'
import { finding, type Rule } from '../rule.ts'

const booksAddUp: Rule = {
  number: 41,
  title: 'accepted = ready + unsettled + delayed + final, and the counts agree with the consumers',
  *judge(files, bounds) {
    for (const event of files.ofKind('probed')) {
      const failed = files.lives[event.life]?.failed
      if (event.when !== 'quiet' || (failed !== undefined && failed.n < event.n)) continue
      const held = heldAt(files.deliveries, event)
      for (const queue of event.probe.queues) {
        const unsettled = held.get(queue.name) ?? 0
        // Some may be on their way to a consumer.
        const coming = files.deliveries.filter(
          (delivery) =>
            delivery.event.message.queue === queue.name &&
            delivery.event.n > event.n &&
            delivery.event.atMs < event.atMs + bounds.slackMs,
        ).length
        const most = consumerLeaves(files, event, bounds.slackMs) ? Infinity : unsettled + coming
        if (queue.unsettled < unsettled || queue.unsettled > most) {
          yield finding(
            queue.name,
            `says ${queue.unsettled} are unsettled; consumers hold ${unsettled}`,
            event,
          )
        }
        if (queue.name.startsWith('callback:')) continue
        const accepted = acceptedIn(files.publishes, queue.name, event)
        if (queue.accepted < accepted) {
          yield finding(
            queue.name,
            `says it accepted ${queue.accepted} since it was opened; ${accepted} were confirmed`,
            event,
          )
        }
      }
    }
  },
}

/** What is on its way to a consumer that leaves just then is seen by nobody. */
const consumerLeaves = (files: CaseFiles, { atMs }: HistoryEvent, withinMs: number): boolean =>
  files.ofKind('unsubscribing').some((one) => one.atMs >= atMs && one.atMs < atMs + withinMs)

type Deliveries = Parameters<Rule['judge']>[0]['deliveries']
type Publishes = Parameters<Rule['judge']>[0]['publishes']
type Moment = { readonly n: number; readonly life: number }

function heldAt(deliveries: Deliveries, moment: Moment): Map<string, number> {
  const held = new Map<string, number>()
  for (const { event, settles, revoked, givenBack } of deliveries) {
    if (event.life !== moment.life || event.n > moment.n) continue
    const ends = [settles[0]?.settling, revoked[0], givenBack]
    if (ends.some((end) => end !== undefined && end.n < moment.n)) continue
    held.set(event.message.queue, (held.get(event.message.queue) ?? 0) + 1)
  }
  return held
}

function acceptedIn(publishes: Publishes, queue: string, moment: Moment): number {
  return publishes.filter((publish) => {
    const confirmed = confirmOf(publish)
    if (confirmed === undefined || confirmed.duplicate) return false
    const { life, message } = publish.publishing
    return life === moment.life && confirmed.n < moment.n && message.queue === queue
  }).length
}

const fullDiskSettles: Rule = {
  number: 42,
  title: 'a full disk stops neither settling nor reading, and room lets sending go on',
  *judge(files) {
    let full: HistoryEvent | undefined
    let room: HistoryEvent | undefined
    let noticed: HistoryEvent | undefined
    for (const event of files.events) {
      if (event.kind === 'disk-full') full = event
      if (event.kind === 'opened') noticed = undefined
      if (event.kind === 'disk-room') [full, room, noticed] = [undefined, event, undefined]
      if (event.kind === 'settle-failed' && full !== undefined && event.code === 'disk-full') {
        yield finding(`settle ${event.call}`, 'a settle was refused by a full disk', full, event)
      }
      if (event.kind !== 'refused' || event.code !== 'disk-full' || full !== undefined) continue
      // The first send after a while may be the one that makes the engine look again.
      if (noticed !== undefined && room !== undefined && event.atMs > noticed.atMs + 1_000) {
        yield finding(`publish ${event.publish}`, 'was refused though there is room', room, event)
      }
      noticed ??= event
    }
  },
}

const failedDiskStops: Rule = {
  number: 43,
  title: 'after a failed write or sync nothing more is confirmed, and the sync is not retried',
  *judge(files) {
    for (const event of files.ofKind('sync-retried')) {
      yield finding(event.file, 'was synced again after its sync had failed', event)
    }
    for (const event of files.events) {
      const failed = files.lives[event.life]?.failed
      if (failed === undefined || event.n < failed.n || event.atMs <= failed.atMs) continue
      if (event.kind === 'confirmed') {
        yield finding(event.id, 'was confirmed after the disk had failed', failed, event)
      }
      if (event.kind === 'settled' && event.accepted) {
        yield finding(
          `settle ${event.call}`,
          'was accepted after the disk had failed',
          failed,
          event,
        )
      }
    }
  },
}

const damageContained: Rule = {
  number: 44,
  title: 'an altered byte is told of when it costs anything, and costs one record at most',
  *judge(files) {
    const probes = files.ofKind('probed')
    for (const altered of files.ofKind('altered')) {
      const before = probes.findLast((event) => event.n < altered.n)
      const after = probes.find((event) => event.n > altered.n && event.when === 'recovered')
      if (before === undefined || after === undefined) continue
      const harmed = [...before.probe.answers].filter(([id, answer]) => {
        const now = after.probe.answers.get(id)
        const ended = answer.state === 'pending' && now?.state === 'final'
        return now === undefined || !(sameAnswer(answer, now) || ended)
      })
      const told =
        files.ofKind('damage-reported').some((event) => event.n > altered.n) ||
        harmed.every(([id]) => after.probe.answers.get(id)?.state === 'damaged')
      const where = `byte ${altered.at} of ${altered.file}`
      if (harmed.length > 1) {
        yield finding(
          where,
          `harmed ${harmed.length} messages: ${harmed.map(([id]) => id)}`,
          altered,
          after,
        )
      }
      if (harmed.length > 0 && !told) {
        yield finding(where, `harmed ${harmed[0]?.[0]}, and nobody was told`, altered, after)
      }
    }
  },
}

const recoveryRepeatable: Rule = {
  number: 45,
  title: 'recovering twice gives the same, and work between crashes keeps both periods',
  *judge(files) {
    const probes = files.ofKind('probed')
    for (const [n, again] of probes.entries()) {
      if (again.when !== 'again') continue
      const before = probes
        .slice(0, n)
        .findLast((event) => event.when === 'recovered' && event.life < again.life)
      for (const [id, answer] of again.probe.answers) {
        const first = before?.probe.answers.get(id)
        if (first === undefined || sameAnswer(first, answer)) continue
        // Time goes on between the two: what was pending may have ended meanwhile.
        if (first.state === 'pending' && answer.state === 'final') continue
        yield finding(
          id,
          `was ${tell(first)}, and ${tell(answer)} when recovered again`,
          before,
          again,
        )
      }
    }
  },
}

export const bookRules: readonly Rule[] = [
  booksAddUp,
  fullDiskSettles,
  failedDiskStops,
  damageContained,
  recoveryRepeatable,
]
