import { X509Certificate } from 'node:crypto'
import type { CertificateFacts } from '../http/site.ts'
import type { ServerSettings } from './server-settings.ts'

/** Until when the certificates of the ports are valid; `urls` are those of all ports, AMQP first. */
export function certificatesOf(
  { listen = [{ host: '127.0.0.1', port: 5672 }], http }: ServerSettings,
  urls: readonly string[],
): readonly CertificateFacts[] {
  const addresses = [...listen, ...(http?.listen ?? [])]
  return addresses.flatMap((address, n) => {
    if (!('tls' in address) || address.tls === undefined) return []
    const { validTo } = new X509Certificate(address.tls.cert)
    return [{ url: urls[n] ?? '', validUntilMs: Date.parse(validTo) }]
  })
}
