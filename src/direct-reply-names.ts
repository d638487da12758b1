/*
 * The names of direct replies. No queue has one of them.
 *
 *   amq.rabbitmq.reply-to             what a requester consumes, and puts into reply_to
 *   amq.rabbitmq.reply-to.ADDRESS     what its reply_to becomes, and who answers publishes to
 *   amq.homing.replies.USER           the queue that keeps replies which came too late
 */

const requesterName = 'amq.rabbitmq.reply-to'
export const replyAddressPrefix = `${requesterName}.`
const keptPrefix = 'amq.homing.replies.'

export const directReplyQueue = requesterName

export const isReplyName = (name: string): boolean =>
  name.startsWith(requesterName) || isKeptName(name)

export const isReplyAddress = (routingKey: string): boolean =>
  routingKey.startsWith(replyAddressPrefix)

export const isKeptName = (name: string): boolean => name.startsWith(keptPrefix)

/** The queue in which the replies of a user wait that came when the requester was gone. */
export const keptRepliesQueue = (user: string): string => `${keptPrefix}${user}`
