/*
 * Why a connection could not be made, in our words: to which server, what happened, what to do.
 *
 *   nobody there, no name, no way, no answer       unreachable       may pass
 *   user or password                               login-refused     does not pass by itself
 *   virtual host: not there, or not allowed        access-refused
 *   certificate not trusted, expired, other name   bad-certificate
 */

import { HomingError } from '../../errors.ts'

export interface ConnectedTo {
  /** `amqp://host:port` */
  readonly address: string
  readonly user: string
  readonly virtualHost: string
}

const byNetworkCode: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there; start the broker, or give another host or port',
  ENOTFOUND: 'no host of that name is known; check the name',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EHOSTUNREACH: 'no way leads to the host',
  ENETUNREACH: 'no way leads to the network of the host',
  ETIMEDOUT: 'it does not answer',
  ECONNRESET: 'it closed the connection at once; is it an AMQP 0-9-1 server, and is TLS asked for?',
  EPIPE: 'it closed the connection at once; is it an AMQP 0-9-1 server, and is TLS asked for?',
  ENOENT: 'there is no such socket; start the broker, or give another path',
}

export function explainedConnectError(error: unknown, to: ConnectedTo): HomingError {
  if (error instanceof HomingError) return error
  const { message, code } = error as NodeJS.ErrnoException
  const why = message.split('\n')[0] ?? ''
  const fail = (kind: 'unreachable' | 'not-permitted' | 'bad-certificate', text: string) =>
    new HomingError(kind, `${to.address}: ${text}`, { cause: error, data: { address: to.address } })
  if (code === 'EACCES' || code === 'EPERM') {
    const user = process.getuid?.() ?? 'unknown'
    return fail('not-permitted', `user ${user} may not connect to it (${code})`)
  }
  if (code !== undefined && Object.hasOwn(byNetworkCode, code)) {
    return fail('unreachable', `${byNetworkCode[code]} (${code})`)
  }
  // The reason stands in a frame that amqplib does not tell of.
  if (/Expected ConnectionOpenOk; got <ConnectionClose/.test(why)) return noVirtualHost(to, error)
  const refusal = /Handshake terminated by server: (\d+)/.exec(why)
  if (refusal !== null) return refusedByServer(Number(refusal[1]), why, to, error)
  if (/SASL mechanism (\S+) is not provided/.test(why)) {
    return new HomingError(
      'login-refused',
      `${to.address}: the server does not offer to log in this way (${why}); change the option login`,
      { cause: error },
    )
  }
  if (isOfCertificate(code, why)) {
    return fail(
      'bad-certificate',
      `the certificate of the server is not accepted (${why}); give its authority as tls.ca, or the name it is made for as tls.serverName`,
    )
  }
  if (code?.startsWith('ERR_SSL') || code === 'EPROTO') {
    const reason = (error as { readonly reason?: string }).reason ?? why
    return fail('unreachable', `TLS does not come about (${reason}); does it speak TLS there?`)
  }
  if (/Socket closed abruptly/.test(why)) {
    return fail(
      'unreachable',
      'it closed the connection in the handshake; is it an AMQP 0-9-1 server, and is TLS asked for?',
    )
  }
  return fail('unreachable', `no connection came about (${why})`)
}

function noVirtualHost({ address, user, virtualHost }: ConnectedTo, cause: unknown): HomingError {
  return new HomingError(
    'access-refused',
    `${address} does not let user "${user}" into virtual host "${virtualHost}"; check that it is there, that the user has permissions in it, and the limits of connections`,
    { cause, data: { address, user, virtualHost } },
  )
}

function refusedByServer(
  replyCode: number,
  why: string,
  to: ConnectedTo,
  cause: unknown,
): HomingError {
  const { address, user, virtualHost } = to
  const said = /with message "(.*)"/.exec(why)?.[1] ?? why
  const details = { cause, data: { address, user, virtualHost } }
  if (replyCode === 403) {
    return new HomingError(
      'login-refused',
      `${address} does not take the name or password of user "${user}" (${said}); check both`,
      details,
    )
  }
  if (replyCode === 402 || replyCode === 404 || replyCode === 530) return noVirtualHost(to, cause)
  return new HomingError(
    'unreachable',
    `${address} refused the connection: ${replyCode} ${said}`,
    details,
  )
}

const ofCertificate =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA|ERR_SSL_TLSV1_ALERT_UNKNOWN_CA|ERR_SSL_TLSV13_ALERT_CERTIFICATE)/

const isOfCertificate = (code: string | undefined, why: string): boolean =>
  (code !== undefined && ofCertificate.test(code)) || /certificate/i.test(why)
