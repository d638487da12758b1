import { Controller } from '@nestjs/common'
import {
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
  type RmqContext,
  RpcException,
} from '@nestjs/microservices'

interface Order {
  readonly item: string
  readonly price: number
  readonly count: number
}

/** What the service does with what comes to its queue. It acknowledges by itself: `noAck: false`. */
@Controller()
export class OrdersController {
  readonly #placed: string[] = []

  /** A request: what is returned goes home as the reply, what is thrown as an error. */
  @MessagePattern('orders.total')
  total(@Payload() order: Order, @Ctx() context: RmqContext): number {
    this.#acknowledge(context)
    if (order.count < 1) throw new RpcException(`${order.count} of ${order.item} is no order`)
    return order.price * order.count
  }

  /** An event: nobody waits for an answer. */
  @EventPattern('orders.placed')
  placed(@Payload() order: Order, @Ctx() context: unknown): void {
    this.#placed.push(order.item)
    this.#acknowledge(context as RmqContext)
  }

  @MessagePattern('orders.placed.list')
  list(@Ctx() context: RmqContext): readonly string[] {
    this.#acknowledge(context)
    return this.#placed
  }

  #acknowledge(context: RmqContext): void {
    context.getChannelRef().ack(context.getMessage())
  }
}
