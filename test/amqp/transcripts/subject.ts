/*
 * The Homing broker that is compared: in this process, on a directory of its own, with the same
 * users, virtual hosts, limits and policies as the oracle.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeDefinitions } from '../../../src/server/definitions-file.ts'
import { type Change, emptyState } from '../../../src/server/definitions-state.ts'
import { hashPassword, publicPasswordCost } from '../../../src/server/password.ts'
import { startServer } from '../../../src/server/start-server.ts'
import {
  addUser,
  changeUser,
  setPermission,
  setTopicPermission,
} from '../../../src/server/user-changes.ts'
import { addVirtualHost, setPolicy } from '../../../src/server/virtual-host-changes.ts'
import type { PolicyTarget } from '../../../src/virtual-host/definitions.ts'
import { definitions } from './oracle.ts'

export interface Subject extends AsyncDisposable {
  readonly port: number
  /** Closes it in order and starts it again on the same directory and port. */
  restart(): Promise<void>
}

export async function startSubject(port = 0): Promise<Subject> {
  const directory = mkdtempSync(join(tmpdir(), 'homing-transcripts-'))
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  try {
    const changes = await allChanges()
    writeDefinitions(
      directory,
      changes.reduce((state, change) => change(state), emptyState),
    )
    let { server } = await startServer(directory, { listen: [{ host: '127.0.0.1', port }] })
    const listening = server.listening[0]?.port ?? 0
    return {
      port: listening,
      async restart() {
        await server.close()
        const listen = [{ host: '127.0.0.1', port: listening }]
        server = (await startServer(directory, { listen })).server
      },
      async [Symbol.asyncDispose]() {
        await server.close()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

async function allChanges(): Promise<readonly Change[]> {
  const { vhosts, permissions, topic_permissions, parameters, policies } = definitions
  const limits = new Map(parameters.map(({ vhost, value }) => [vhost, value]))
  const hosts = vhosts.map(({ name }) => {
    const limit = limits.get(name)
    return addVirtualHost(name, {
      connectionsMax: limit?.['max-connections'],
      queuesMax: limit?.['max-queues'],
    })
  })
  const users = await Promise.all(definitions.users.map(userChanges))
  return [
    ...hosts,
    ...users.flat(),
    ...permissions.map(setPermission),
    ...topic_permissions.map(setTopicPermission),
    ...policies.map(({ 'apply-to': applyTo, definition, ...policy }) =>
      setPolicy({
        ...policy,
        applyTo: applyTo as PolicyTarget,
        definition: new Map(Object.entries(definition)),
        operator: false,
      }),
    ),
  ]
}

async function userChanges(user: (typeof definitions.users)[number]): Promise<readonly Change[]> {
  const { name, password, tags, limits } = user
  const passwordHash = await hashPassword(Buffer.from(password), publicPasswordCost)
  return [
    addUser({ name, passwordHash, tags: tags === '' ? [] : [tags] }),
    changeUser(name, {
      connectionsMax: limits?.['max-connections'],
      channelsMax: limits?.['max-channels'],
    }),
  ]
}
