/*
 * Where the HTTP API means to differ from RabbitMQ's management API: for docs/rabbitmq-differences.md and for
 * the test that compares the two.
 */

export interface ManagementDifference {
  readonly title: string
  readonly reason: string
}

/** Members of RabbitMQ's answers that Homing's do not have. */
export const membersLeftOut: readonly string[] = [
  ...['password_hash', 'hashing_algorithm', 'incoming', 'outgoing', 'deliveries'],
  ...['backing_queue_status', 'garbage_collection', 'memory', 'reductions', 'reductions_details'],
  ...['consumer_capacity', 'consumer_utilisation', 'head_message_timestamp', 'idle_since'],
  ...['recoverable_slaves', 'message_bytes', 'message_bytes_paged_out', 'message_bytes_persistent'],
  ...['message_bytes_ram', 'message_bytes_unacknowledged', 'message_bytes_dlx', 'messages_dlx'],
  ...['messages_paged_out', 'messages_persistent', 'messages_ram', 'messages_ready_ram'],
  ...['messages_unacknowledged_ram', 'leader', 'members', 'online', 'open_files'],
  ...['single_active_consumer_ctag', 'recv_oct', 'recv_oct_details', 'send_oct'],
  ...['send_oct_details'],
]

export const managementDifferences: readonly ManagementDifference[] = [
  {
    title: 'HTTP: a refusal is 403',
    reason:
      'RabbitMQ answers 401 to a user who is logged in and may not do something. Homing answers 401 to nobody and to wrong passwords, and 403 to those it knows, so that a program can tell the two apart and a browser does not ask for another password.',
  },
  {
    title: 'HTTP: what is not there is 404',
    reason:
      'Publishing to an exchange that is not there, and permissions for a user who is not there, are 400 in RabbitMQ and 404 here.',
  },
  {
    title: 'HTTP: errors are problems',
    reason:
      "Errors have RabbitMQ's members `error` and `reason`, and beside them those of RFC 9457 with the code of the error. The content type is `application/problem+json`.",
  },
  {
    title: 'HTTP: no hash of a password but in definitions',
    reason:
      'RabbitMQ shows `password_hash` of users to administrators. Here hashes are in exported definitions alone. Those imported from RabbitMQ (SHA-256, SHA-512) let their users in, and are replaced by scrypt at the first login; RabbitMQ cannot import ours.',
  },
  {
    title: 'HTTP: values of the wrong type are refused',
    reason:
      'RabbitMQ passes over some members whose value is no text, table or list (`arguments: 7`), and stores others as they are. Here each is 400 and nothing is changed. Getting 0 messages, and an `ackmode` that there is not, are 400, too; where `count`, `ackmode` or `encoding` is left out, one message is looked at and put back.',
  },
  {
    title: 'HTTP: what is declared without `durable` is durable',
    reason:
      'RabbitMQ makes a queue or exchange transient when `durable` is left out of a PUT. Its own tools never leave it out.',
  },
  {
    title: 'HTTP: a user sees what the user has a right on',
    reason:
      'In RabbitMQ whoever may enter a virtual host sees the names of everything in it. Here lists show, to users who are not tagged monitoring or administrator, what they may configure, write or read. Definitions are for administrators, also those of one virtual host.',
  },
  {
    title: 'HTTP: members that are left out, and those that are ours',
    reason: `Left out is what describes Erlang, mirrors, members of clusters or the inside of RabbitMQ's stores: ${membersLeftOut.map((name) => `\`${name}\``).join(', ')}; of \`message_stats\` the kinds of get, and what was unroutable. Ours are in \`homing\`. A message without properties has \`{}\`, not \`[]\`.`,
  },
  {
    title: 'HTTP: no plugins',
    reason:
      'Parameters of plugins (shovel, federation), tracing and global parameters cannot be set: 501. Limits and operator policies are in the list of parameters, as in RabbitMQ, and are changed by their own paths. Actions of mirrors (`sync`, `cancel_sync`) do nothing; `pause` and `resume` are ours.',
  },
]

export const managementSections = (): string =>
  managementDifferences.map(({ title, reason }) => `\n## ${title}\n\n${reason}\n`).join('')
