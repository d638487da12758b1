/*
 * docs/configuration.md out of the table of settings.
 */

import { environmentName, type SettingKey, settingKeys, settingOf } from '../src/config/settings.ts'
import { page, type ReferencePage, table } from './page.ts'

const sections: readonly (readonly [name: string, about: string])[] = [
  ['', 'What stands above the first section.'],
  ['amqp', 'AMQP 0-9-1.'],
  [
    'tls',
    'For AMQP and HTTP alike; TLS 1.2 at least. Changed files are noticed, or taken over by SIGHUP: new connections use them, live ones go on.',
  ],
  ['http', 'The API, the dashboard, health and metrics.'],
  ['log', 'What happens, a line each.'],
  ['metrics', 'For Prometheus; see [metrics](metrics.md).'],
  ['tracing', 'OpenTelemetry; see [traces](traces.md).'],
  [
    'limits',
    'How many may come by AMQP, and how many by HTTP: each is counted by itself. The others are in [limits](limits.md).',
  ],
  ['alarms', 'When publishers have to wait.'],
  [
    'storage',
    'The journal and the ledger; see [guarantees](guarantees.md#weaker-on-request) before changing `sync`.',
  ],
  ['shutdown', 'Stopping.'],
]

const opening = `\`homing serve\` is told by one file, by the environment and by flags, each stronger than the one before, each setting for
itself: **defaults < file < environment < flags**. \`homing config check\` says whether all is in order, \`homing config show\`
what is in force and where it came from. Secrets are shown as \`[secret]\`.

\`\`\`toml
# homing.toml
data = "/var/lib/homing"
bind = "0.0.0.0"
admin_password = { file = "/run/secrets/homing-admin" }

[amqp]
enabled = false              # with TLS only
tls_port = 5671

[tls]
cert = "server.pem"
key = "server.key"

[alarms]
memory = "2GiB"
\`\`\`

- **The file** is the one of \`--config\`, of \`HOMING_CONFIG\`, or \`homing.toml\` in the working folder. It is
  [TOML](https://toml.io). Relative paths in it are relative to its folder.
- **The environment:** \`amqp.tls_port\` is \`HOMING_AMQP_TLS_PORT\`. With \`_FILE\` behind it, the variable names a file that holds
  the value: \`HOMING_ADMIN_PASSWORD_FILE=/run/secrets/homing-admin\`. An empty variable is none. A Kubernetes service called
  \`homing\` sets such names, too: \`enableServiceLinks: false\` in the pod keeps them out.
- **Flags:** the ones in the table, and \`--set KEY=VALUE\` for every setting. Secrets are not taken there.
- **Faults** are told all at once, each with its place and the nearest known key, and nothing starts with one of them.
- **While it runs:** SIGHUP reads everything again. What is marked ↻ is changed; of the rest the log says that it needs a
  restart. A configuration with a fault changes nothing.

Sizes are \`"64MiB"\`, \`"2GiB"\` or a number of bytes; durations \`"250ms"\`, \`"30s"\`, \`"5m"\`, \`"2h"\`, \`"7d"\`.`

export function configurationPage(): ReferencePage {
  const parts = sections.flatMap(([name, about]) => [
    `## ${name === '' ? 'At the top' : `\`[${name}]\``}`,
    about,
    table(
      ['setting', 'default', '', 'meaning'],
      settingKeys.filter((key) => sectionOf(key) === name).map(row),
    ),
  ])
  const unknown = settingKeys.filter((key) => !sections.some(([name]) => name === sectionOf(key)))
  if (unknown.length > 0) throw new Error(`no section of the page has ${unknown.join(', ')}`)
  return {
    path: 'docs/configuration.md',
    text: page('Configuration', 'src/config/settings.ts', [opening, ...parts]),
  }
}

const sectionOf = (key: SettingKey): string =>
  key.includes('.') ? key.slice(0, key.indexOf('.')) : ''

function row(key: SettingKey): readonly string[] {
  const { kind, default: value, defaultText, help, flag, reloads } = settingOf(key)
  const shown = kind.show(value as NonNullable<unknown>)
  const name = key.slice(key.indexOf('.') + 1)
  const flagText = flag === undefined ? '' : ` \`${flag}\`.`
  return [
    `\`${name}\``,
    value === undefined ? (defaultText ?? '') : `\`${shown}\``,
    reloads ? '↻' : '',
    `${help} Give ${kind.says.replaceAll('|', '\\\\|')}; \`${environmentName(key)}\`.${flagText}`,
  ]
}
