/*
 * The pages: which there are, who has them in the menu, and what they are called.
 */

import type { ComponentType } from 'preact'
import type { Identity } from '../../http/shapes/identity.ts'
import type { IconName } from '../elements/icon.tsx'
import type { TextKey } from '../texts/text.ts'
import { AboutPage } from './about-page.tsx'
import { AuditPage } from './audit-page.tsx'
import { ConnectionsPage } from './connections-page.tsx'
import { DeadLettersPage } from './dead-letters-page.tsx'
import { ExchangesPage } from './exchanges-page.tsx'
import { FailuresPage } from './failures-page.tsx'
import { MessagePage } from './message-page.tsx'
import { NotHomePage } from './not-home-page.tsx'
import { OutcomesPage } from './outcomes-page.tsx'
import { OverviewPage } from './overview-page.tsx'
import { PoliciesPage } from './policies-page.tsx'
import { QueuePage } from './queue-page.tsx'
import { QueuesPage } from './queues-page.tsx'
import { SchedulesPage } from './schedules-page.tsx'
import { UsersPage } from './users-page.tsx'
import { VirtualHostsPage } from './virtual-hosts-page.tsx'

type Access = Identity['access'][number]

export interface PageEntry {
  readonly page: string
  readonly title: TextKey
  readonly view: ComponentType
  readonly access: Access
  /** Chapter of the menu; pages without are reached from others. */
  readonly chapter?: 'messages' | 'broker' | 'administration'
  readonly icon?: IconName
  /** The page of the menu that it belongs to. */
  readonly under?: string
}

export const pages: readonly PageEntry[] = [
  {
    page: '',
    title: 'overview.title',
    view: OverviewPage,
    access: 'monitoring',
    chapter: 'messages',
    icon: 'overview',
  },
  {
    page: 'queues',
    title: 'queues.title',
    view: QueuesPage,
    access: 'user',
    chapter: 'messages',
    icon: 'queue',
  },
  { page: 'queue', title: 'queue.title', view: QueuePage, access: 'user', under: 'queues' },
  {
    page: 'outcomes',
    title: 'outcomes.title',
    view: OutcomesPage,
    access: 'user',
    chapter: 'messages',
    icon: 'outcome',
  },
  { page: 'message', title: 'message.title', view: MessagePage, access: 'user', under: 'outcomes' },
  {
    page: 'failures',
    title: 'failures.title',
    view: FailuresPage,
    access: 'user',
    chapter: 'messages',
    icon: 'failure',
  },
  {
    page: 'dead-letters',
    title: 'dead.title',
    view: DeadLettersPage,
    access: 'user',
    chapter: 'messages',
    icon: 'dead',
  },
  {
    page: 'not-home',
    title: 'away.title',
    view: NotHomePage,
    access: 'user',
    chapter: 'messages',
    icon: 'away',
  },
  {
    page: 'schedules',
    title: 'schedules.title',
    view: SchedulesPage,
    access: 'user',
    chapter: 'messages',
    icon: 'clock',
  },
  {
    page: 'exchanges',
    title: 'exchanges.title',
    view: ExchangesPage,
    access: 'management',
    chapter: 'broker',
    icon: 'exchange',
  },
  {
    page: 'connections',
    title: 'connections.title',
    view: ConnectionsPage,
    access: 'management',
    chapter: 'broker',
    icon: 'link',
  },
  {
    page: 'policies',
    title: 'policies.title',
    view: PoliciesPage,
    access: 'policymaker',
    chapter: 'broker',
    icon: 'policy',
  },
  {
    page: 'users',
    title: 'users.title',
    view: UsersPage,
    access: 'administrator',
    chapter: 'administration',
    icon: 'user',
  },
  {
    page: 'virtual-hosts',
    title: 'hosts.title',
    view: VirtualHostsPage,
    access: 'administrator',
    chapter: 'administration',
    icon: 'host',
  },
  {
    page: 'audit',
    title: 'audit.title',
    view: AuditPage,
    access: 'administrator',
    chapter: 'administration',
    icon: 'audit',
  },
  {
    page: 'about',
    title: 'about.title',
    view: AboutPage,
    access: 'user',
    chapter: 'administration',
    icon: 'about',
  },
]
