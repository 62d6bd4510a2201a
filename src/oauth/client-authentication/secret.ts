import { createHash, timingSafeEqual } from 'node:crypto'
import type { Client } from '../client.ts'
import { invalidClient } from '../errors.ts'

const nobody = Buffer.alloc(32)

/**
 * Compares every reading of the secret that was sent with every secret that has not expired, in constant time; an
 * unknown client costs the same comparison.
 * @throws invalid_client
 */
export const proveSecret = (readings: readonly string[], client: Client | undefined, now: Date): void => {
  const standing =
    client?.secrets.filter(({ expiresAt }) => !expiresAt || expiresAt > now).map(({ hash }) => hash) ?? []
  const hashes = standing.length > 0 ? standing : [nobody]
  let proven = false
  for (const reading of readings) {
    const sent = createHash('sha256').update(reading).digest()
    for (const hash of hashes) proven = (hash.length === sent.length && timingSafeEqual(hash, sent)) || proven
  }
  if (!client) throw invalidClient('no such client, or it is disabled, or registered for another authentication method')
  if (standing.length === 0) throw invalidClient('the client has no secret that is valid now')
  if (!proven) throw invalidClient('wrong client secret')
}
