import { createHash } from 'node:crypto'
import { secret as newSecret, type Random } from '../random.ts'
import type { ClientMetadata, ClientSecret } from './client.ts'

export const usesSecret = ({ token_endpoint_auth_method: method }: ClientMetadata): boolean =>
  method === 'client_secret_basic' || method === 'client_secret_post'

/** 256 random bits: a slow hash would protect nothing. @returns its text for whoever asked, and nobody after that */
export const makeSecret = (random: Random, now: Date): { readonly text: string; readonly stored: ClientSecret } => {
  const text = newSecret(random, 'tcs_')
  const hash = createHash('sha256').update(text).digest()
  return { text, stored: { id: random.uuid(), hash, createdAt: now, expiresAt: undefined } }
}
