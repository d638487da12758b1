/*
 * Whether a peer sits on this machine, by the address that its socket has, and nothing it says.
 */

/** 127.0.0.0/8, ::1, the same mapped into IPv6; '' is the peer of a Unix socket. */
export function isLoopback(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '')
  return plain === '' || plain === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain)
}
