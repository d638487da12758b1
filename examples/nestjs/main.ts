/*
 * A NestJS service over RabbitMQ's protocol, and a client of it, in one process that ends by itself.
 *
 *   client ── send('orders.total') ──▶ queue "orders" ──▶ OrdersController
 *          ◀── reply over amq.rabbitmq.reply-to ────────┘
 */

import 'reflect-metadata'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ClientProxyFactory, type RmqOptions, Transport } from '@nestjs/microservices'
import { firstValueFrom } from 'rxjs'
import { OrdersController } from './orders-controller.js'

@Module({ controllers: [OrdersController] })
class OrdersModule {}

const transport: RmqOptions = {
  transport: Transport.RMQ,
  options: {
    urls: [process.env.AMQP_URL ?? 'amqp://127.0.0.1'],
    queue: 'orders',
    queueOptions: { durable: true },
  },
}

const service = await NestFactory.createMicroservice<RmqOptions>(OrdersModule, {
  transport: Transport.RMQ,
  options: { ...transport.options, noAck: false, prefetchCount: 10 },
  logger: ['error'],
})
await service.listen()

const client = ClientProxyFactory.create(transport)
const ask = <T>(pattern: string, data: object): Promise<T> =>
  firstValueFrom(client.send<T>(pattern, data))

console.log('total:', await ask<number>('orders.total', { item: 'cup', price: 7, count: 6 }))
await ask('orders.total', { item: 'cup', price: 7, count: 0 }).catch((error) =>
  console.log('refused:', error.message),
)
await firstValueFrom(client.emit('orders.placed', { item: 'cup', price: 7, count: 6 }), {
  defaultValue: undefined,
})
console.log('placed:', await ask<readonly string[]>('orders.placed.list', {}))

await client.close()
await service.close()
