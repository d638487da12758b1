/*
 * From the settings of a server to those of its connections.
 */

import { type ConnectionSettings, connectionDefaults } from '../amqp/settings.ts'
import type { AdmissionSettings } from './admissions.ts'
import { identity, productFrom } from './server-identity.ts'
import type { ServerSettings } from './server-settings.ts'

/** Who is let in. */
export const admissionSettings = (settings: ServerSettings): AdmissionSettings => ({
  guest: settings.guest ?? true,
  allowPlaintext: settings.allowPlaintext ?? false,
  compat: settings.compat,
})

/** What all connections have in common. */
export type CommonSettings = Omit<
  ConnectionSettings,
  'mechanisms' | 'authenticate' | 'openVirtualHost'
>

export function commonSettings(settings: ServerSettings): CommonSettings {
  const { frameMax, channelMax, heartbeat, bodyBytesMax } = connectionDefaults
  return {
    frameMax: settings.frameMax ?? frameMax,
    channelMax: settings.channelMax ?? channelMax,
    heartbeat: settings.heartbeat ?? heartbeat,
    bodyBytesMax,
    serverProperties: identity(
      settings.product === undefined ? undefined : productFrom(settings.product),
    ),
    compat: settings.compat,
    // As RabbitMQ does where its own users log in: the login stands, whatever the secret.
    updateSecret: undefined,
  }
}
