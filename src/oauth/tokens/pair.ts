import { createHash } from 'node:crypto'
import { later } from '../../clock.ts'
import type { Client } from '../client.ts'
import type { Family, LivePair } from '../stores.ts'
import type { RefreshToken } from './refresh-token.ts'

/** What a pair's access token says, beyond what its family says. Its refresh token is the live generation's. */
export type Pair = Omit<LivePair, 'generation' | 'refreshKeyId'> & { readonly jti: string }

export type Asked = {
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  readonly jkt: string | undefined
}

/** The pair that the last rotation issued, claim for claim. */
export const livePair = (family: Pick<Family, 'id' | 'live'>): Pair => ({
  ...family.live,
  jti: `${family.id}.${family.live.generation}`,
})

/**
 * A retry that asks for another scope, audience or key than the rotation did gets an access token of its own beside the
 * same refresh token: two APIs, two tabs. The suffix is derived from what is asked, so that its own retry repeats it.
 */
export const pairBeside = (family: Family, asked: Asked): Pair => {
  const { scope, audience, jkt } = family.live
  if (sameSet(asked.scope, scope) && sameSet(asked.audience, audience) && asked.jkt === jkt) return livePair(family)
  const suffix = createHash('sha256')
    .update(JSON.stringify([[...asked.scope].sort(), [...asked.audience].sort(), asked.jkt ?? null]))
    .digest('base64url')
    .slice(0, 11)
  return { ...livePair(family), ...asked, jti: `${family.id}.${family.live.generation}.${suffix}` }
}

/** What came with a refresh token of the access token that it was issued with. */
export type Half = 'matched' | 'missing' | 'foreign'

/** Of an access token whose signature was verified; that it has expired, and that its key is gone, says nothing. */
export type AccessHalf = { readonly jti: string; readonly clientId: string }

/** A third part of the `jti` stands for a token beside the pair, or under `rotation: reuse` for one of many. */
export const isHalfOf = ({ jti, clientId }: AccessHalf, token: RefreshToken, presenterId: string): boolean => {
  const [family, generation, , ...more] = jti.split('.')
  const isOurs = family === token.familyId && generation === String(token.generation) && more.length === 0
  return isOurs && clientId === presenterId
}

/** The pair that comes next, but for what is asked of it. */
export const nextPair = (
  generation: number,
  client: Client,
  keys: { readonly signingKid: string; readonly refreshKeyId: string },
  now: Date,
): Omit<LivePair, 'scope' | 'audience'> => {
  // What is stored must be what is signed, and a NumericDate has no fractions.
  const issuedAt = new Date(Math.floor(now.getTime() / 1000) * 1000)
  return { ...keys, generation, issuedAt, expiresAt: later(issuedAt, client.access_token_lifetime), jkt: undefined }
}

export const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value) => b.includes(value))
