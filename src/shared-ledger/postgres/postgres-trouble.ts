/*
 * What a failing call to PostgreSQL means. SQLSTATE codes: PostgreSQL's manual, appendix A.
 *
 *   again      somebody else was first, or two waited for each other: at once again
 *   away       no connection, or a server that is starting, stopping, standing by: again after a pause
 *   refused    trying again cannot help
 */

import { type ErrorCode, HomingError } from '../../errors.ts'

export interface PostgresTrouble {
  readonly kind: 'again' | 'away' | 'refused'
  readonly error: HomingError
}

export function postgresTrouble(error: unknown, where: string): PostgresTrouble {
  const code = String((error as { code?: unknown }).code ?? '')
  const what = error instanceof Error ? error.message || code : String(error)
  const trouble = (
    kind: PostgresTrouble['kind'],
    homingCode: ErrorCode,
    text: string,
  ): PostgresTrouble => ({
    kind,
    error: new HomingError(homingCode, `the ledger at ${where} ${text}`, { cause: error }),
  })
  if (code === '40001' || code === '40P01')
    return trouble('again', 'ledger-unavailable', `is too busy (${what}); try again`)
  if (code.startsWith('28'))
    return trouble(
      'refused',
      'login-refused',
      `refused the login (${what}); check user and password`,
    )
  if (code === '3D000')
    return trouble('refused', 'bad-argument', `does not exist (${what}); create the database first`)
  if (code === '42501')
    return trouble(
      'refused',
      'access-refused',
      `may not be used (${what}); grant the user CREATE on the database, or all on the schema homing`,
    )
  if (code === '53100')
    return trouble(
      'refused',
      'disk-full',
      `has a full disk (${what}); make room. Nothing was stored`,
    )
  if (code === '58030' || code.startsWith('XX'))
    return trouble('refused', 'disk-failed', `failed (${what}); look at the server's log`)
  const refused = refusedConnection(code, what)
  if (refused !== undefined) return trouble('refused', ...refused)
  if (isAway(code, error))
    return trouble(
      'away',
      'ledger-unavailable',
      `cannot be reached (${what}); is the server running?`,
    )
  return trouble('refused', 'ledger-unavailable', `failed (${what}); look at the server's log`)
}

/** What no other try makes better, before a server is there that could say so itself. */
function refusedConnection(
  code: string,
  what: string,
): readonly [code: ErrorCode, text: string] | undefined {
  if (isOfCertificate(code)) {
    return [
      'bad-certificate',
      `has a certificate that is not accepted (${what}); give its authority as sslrootcert=FILE, or the name that it is made for`,
    ]
  }
  if (/does not support SSL/.test(what)) {
    return [
      'ledger-unavailable',
      `does not speak TLS (${what}); switch it on there, or ask without sslmode`,
    ]
  }
  if (code === 'ENOENT' && /\bopen\b/.test(what)) {
    return [
      'bad-argument',
      `names a file that is not there (${what}); look at sslrootcert, sslcert and sslkey`,
    ]
  }
  return undefined
}

const isOfCertificate = (code: string): boolean =>
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA)/.test(
    code,
  )

/** Connection exceptions, resources, operator intervention, a standby, and all that is no SQLSTATE. */
function isAway(code: string, error: unknown): boolean {
  if (/^(08|53|57|55P03|25006|25P03)/.test(code)) return true
  // Errors of the network have codes such as ECONNREFUSED, those of the package none.
  return code.startsWith('E') || (code === '' && !(error instanceof TypeError))
}
