/*
 * What is done to a queue: made, paused, emptied, deleted, sent to.
 */

import type { QueueRowJson } from '../../http/shapes/figures-shapes.ts'
import type { PurgedJson, ReceiptJson } from '../../http/shapes/message-shapes.ts'
import { confirm, fillIn } from '../elements/dialogs.tsx'
import type { FieldOf, FieldValues } from '../elements/fields.tsx'
import { tell } from '../elements/toasts.tsx'
import { ask, path } from '../site/api.ts'
import { addressOf, go } from '../site/route.ts'
import { allVhosts, oneVhost } from '../site/vhosts.ts'
import { t, tn } from '../texts/text.ts'

interface QueueName {
  readonly vhost: string
  readonly name: string
}

/** Which virtual host, where there are several. */
export function vhostField(): readonly FieldOf[] {
  const hosts = allVhosts()
  if (hosts.length < 2) return []
  const options = hosts.map((name) => [name, name] as const)
  return [{ name: 'vhost', label: t('hosts.one'), kind: 'select', value: oneVhost(), options }]
}

const numberArguments = [
  ['ttl', 'x-message-ttl'],
  ['maxLength', 'x-max-length'],
  ['priorities', 'x-max-priority'],
] as const

/** Arguments of AMQP, of what was filled in. */
export function argumentsOf(values: FieldValues): Readonly<Record<string, number | string>> {
  const numbers = numberArguments.flatMap(([field, name]) =>
    values[field] ? [[name, Number(values[field])] as const] : [],
  )
  const texts = values.deadLetterExchange
    ? [['x-dead-letter-exchange', String(values.deadLetterExchange)] as const]
    : []
  return Object.fromEntries([...numbers, ...texts])
}

export function createQueue(): void {
  fillIn({
    title: t('queues.create'),
    act: t('act.create'),
    fields: [
      { name: 'name', label: t('queue.name'), required: true, placeholder: 'orders' },
      ...vhostField(),
      {
        name: 'durable',
        label: t('queue.durable'),
        kind: 'check',
        value: true,
        help: t('queue.durableHelp'),
      },
      {
        name: 'maxLength',
        label: t('queue.maxLength'),
        kind: 'number',
        help: t('queue.maxLengthHelp'),
      },
      { name: 'ttl', label: t('queue.ttl'), kind: 'number', help: t('queue.ttlHelp') },
      {
        name: 'priorities',
        label: t('queue.priorities'),
        kind: 'number',
        help: t('queue.prioritiesHelp'),
      },
      { name: 'deadLetterExchange', label: t('queue.deadLetterExchange') },
    ],
    submit: async (values) => {
      const name = String(values.name)
      const vhost = String(values.vhost ?? oneVhost())
      await ask('PUT', path`queues/${vhost}/${name}`, {
        json: {
          durable: values.durable === true,
          auto_delete: false,
          arguments: argumentsOf(values),
        },
      })
      tell(t('queues.created', { name }))
      go(addressOf('queue', { vhost, name }))
    },
  })
}

export async function setPaused({ vhost, name }: QueueName, isPaused: boolean): Promise<void> {
  const verb = isPaused ? 'pause' : 'resume'
  await ask('POST', `${path`queues/${vhost}/${name}`}/${verb}`)
  tell(t(isPaused ? 'queue.pausedTold' : 'queue.resumedTold', { name }))
}

export function purge(row: QueueRowJson, done: () => void): void {
  const { vhost, name, ready, unsettled, delayed } = row
  confirm({
    title: t('queue.purgeTitle', { name }),
    text: `${tn('queue.purgeText', ready)} ${tn('queue.purgeKept', unsettled + delayed)}`,
    act: tn('queue.purgeAct', ready),
    submit: async () => {
      const { purged } = await ask<PurgedJson>('DELETE', path`queues/${vhost}/${name}/messages`)
      tell(tn('queue.purged', purged, { name }))
      done()
    },
  })
}

export function deleteQueue(row: QueueRowJson): void {
  const { vhost, name, ready, unsettled, delayed, consumers } = row
  confirm({
    title: t('queue.deleteTitle', { name }),
    text: `${tn('queue.deleteText', ready + unsettled + delayed)} ${tn('queue.deleteConsumers', consumers)}`,
    act: t('queue.deleteAct'),
    submit: async () => {
      await ask('DELETE', path`queues/${vhost}/${name}`)
      tell(t('queue.deleted', { name }))
      go(addressOf('queues'))
    },
  })
}

/** A message to try it with; its page shows what comes of it. */
export function sendMessage({ vhost, name }: QueueName): void {
  fillIn({
    title: t('send.title', { name }),
    act: t('send.act'),
    text: t('send.text'),
    fields: [
      { name: 'body', label: t('send.body'), kind: 'area', value: '{\n  "hello": "world"\n}' },
      {
        name: 'type',
        label: t('send.type'),
        kind: 'select',
        value: 'application/json',
        options: [
          ['application/json', 'application/json'],
          ['text/plain; charset=utf-8', 'text/plain'],
          ['application/octet-stream', 'application/octet-stream'],
        ],
      },
      { name: 'id', label: t('send.id'), help: t('send.idHelp') },
      { name: 'delay', label: t('send.delay'), placeholder: '30s', help: t('send.delayHelp') },
      { name: 'priority', label: t('send.priority'), kind: 'number', placeholder: '0' },
    ],
    submit: async ({ body, type, id, delay, priority }) => {
      const receipt = await ask<ReceiptJson>('POST', path`queues/${vhost}/${name}/messages`, {
        text: String(body),
        query: { delay: String(delay), priority: String(priority) },
        headers: {
          'content-type': String(type),
          ...(id !== '' && { 'idempotency-key': String(id) }),
        },
      })
      tell(t(receipt.duplicate ? 'send.duplicate' : 'send.done', { id: receipt.id }))
      go(addressOf('message', { id: receipt.id, vhost }))
    },
  })
}
