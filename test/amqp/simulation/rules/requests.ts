import { type BrokerRule, finding } from '../rule.ts'

const replyShownWhenDurable: BrokerRule = {
  number: 24,
  title: 'a reply reaches nobody before it is the durable result of its request',
  *judge(cases) {
    const pictures = cases.ofKind('drained')
    for (const event of cases.ofKind('delivered')) {
      const { replyFor, token } = event.message
      const request = replyFor === undefined ? undefined : cases.byToken.get(replyFor)?.[0]
      const { id, awaitsReply } = request?.event.message ?? {}
      // A reply names the correlation id: only where that is the id is it known whose it is.
      if (id !== replyFor || id === undefined || !awaitsReply) continue
      const later = pictures.find((picture) => {
        const state = picture.answers.get(id)
        return picture.n > event.n && state !== undefined && state !== 'final'
      })
      if (later) {
        const state = later.answers.get(id)
        yield finding(
          replyFor ?? id,
          `its reply ${token} was seen, and it is ${state}`,
          event,
          later,
        )
      }
    }
  },
}

export const requestRules: readonly BrokerRule[] = [replyShownWhenDurable]
