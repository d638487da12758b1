/*
 * Outcomes brought home: the queue `callback:NAME` holds one message for each outcome that asked for
 * NAME. A homecoming is all deliveries that bring one outcome to one callback.
 */

import type { CaseFiles, DeliveryCase } from '../case-files.ts'
import { acceptedSettle, openSettle } from '../facts.ts'
import { finding, type Rule } from '../rule.ts'

interface Homecoming {
  readonly callback: string
  /** Id of the message, or of the gather. */
  readonly id: string
  readonly deliveries: DeliveryCase[]
}

const homecomingsOf = new WeakMap<CaseFiles, Map<string, Homecoming>>()

function homecomings(files: CaseFiles): Map<string, Homecoming> {
  const known = homecomingsOf.get(files)
  if (known !== undefined) return known
  const made = new Map<string, Homecoming>()
  for (const delivery of files.deliveries) {
    const { calledBack } = delivery
    if (calledBack === undefined) continue
    const id = calledBack.kind === 'gathered' ? calledBack.gather : calledBack.outcome.id
    const callback = delivery.event.message.queue
    const homecoming = made.get(`${callback} ${id}`) ?? { callback, id, deliveries: [] }
    homecoming.deliveries.push(delivery)
    made.set(`${callback} ${id}`, homecoming)
  }
  homecomingsOf.set(files, made)
  return made
}

const isDone = (delivery: DeliveryCase): boolean =>
  acceptedSettle(delivery)?.settling.settlement.kind === 'acknowledge'

const mayBeDone = (delivery: DeliveryCase): boolean =>
  isDone(delivery) || openSettle(delivery)?.settling.settlement.kind === 'acknowledge'

const broughtHome: Rule = {
  number: 27,
  title: 'each outcome is brought home to each callback that was asked for',
  *judge(files) {
    const end = files.ofKind('probed').findLast((event) => event.when === 'end')
    if (end === undefined) return
    const home = homecomings(files)
    for (const message of files.messages) {
      const shown = message.shown[0]?.event
      // Which of several publishes of the id was the one that stands must be beyond doubt.
      if (shown === undefined || message.internal || message.publishes.length !== 1) continue
      for (const name of new Set(message.facts?.callbacks)) {
        const homecoming = home.get(`callback:${name} ${message.id}`)
        if (homecoming?.deliveries.some(mayBeDone)) continue
        yield finding(message.id, `its outcome never came home to ${name}`, shown, end)
      }
    }
    for (const confirmed of files.ofKind('gathering-confirmed')) {
      const gathering = files.ofKind('gathering').find((one) => one.gather === confirmed.gather)
      const whole = gathering?.ids.every((id) => end.probe.answers.get(id)?.state === 'final')
      const came = [...home.values()].some(
        (one) => one.id === confirmed.gather && one.deliveries.some(mayBeDone),
      )
      if (!whole || came) continue
      yield finding(confirmed.gather, 'the gather never came home', confirmed, end)
    }
  },
}

const sameOnEveryTry: Rule = {
  number: 28,
  title: 'a homecoming has one id and the same bytes on every try',
  *judge(files) {
    for (const { id, callback, deliveries } of homecomings(files).values()) {
      const [first, ...others] = deliveries
      for (const other of others) {
        const a = first?.event.message
        const b = other.event.message
        if (a?.id === b.id && a.content === b.content) continue
        yield finding(
          id,
          `came home to ${callback} as ${a?.id} and ${b.id}, or with other bytes`,
          first?.event,
          other.event,
        )
      }
    }
  },
}

const broughtHomeOnce: Rule = {
  number: 29,
  title: 'a homecoming succeeds once, faults aside',
  *judge(files) {
    for (const { id, callback, deliveries } of homecomings(files).values()) {
      const done = deliveries.filter(isDone)
      if (done.length <= 1) continue
      yield finding(
        id,
        `came home to ${callback} ${done.length} times`,
        ...done.map((one) => one.event),
      )
    }
  },
}

const notBeforeNorAfter: Rule = {
  number: 30,
  title: 'a homecoming comes neither before the outcome nor after its success',
  *judge(files) {
    for (const { id, deliveries } of homecomings(files).values()) {
      const success = deliveries.find(isDone)
      const settled = success && acceptedSettle(success)?.settled
      for (const { event, calledBack } of deliveries) {
        if (settled && event.n > settled.n) {
          yield finding(id, 'came home again after it had succeeded', settled, event)
        }
        if (calledBack?.kind !== 'gathered') continue
        for (const member of calledBack.ids) {
          const probes = files.caseOf(member, event.n)?.probes ?? []
          const later = probes.find((probe) => probe.event.n > event.n)
          if (later === undefined || later.answer.state === 'final') continue
          yield finding(id, `was gathered before ${member} had its outcome`, event, later.event)
        }
      }
    }
  },
}

export const callbackRules: readonly Rule[] = [
  broughtHome,
  sameOnEveryTry,
  broughtHomeOnce,
  notBeforeNorAfter,
]
