/** The URL of a broker with another virtual host. */
export function inVirtualHost(url: string, virtualHost: string): string {
  const parts = new URL(url)
  parts.pathname = `/${encodeURIComponent(virtualHost)}`
  return parts.href
}
