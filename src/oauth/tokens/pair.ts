import { createHash } from 'node:crypto'
import { later } from '../../clock.ts'
import type { Client } from '../client.ts'
import type { Family, LivePair } from '../stores.ts'

/** What a pair's access token says, beyond what its family says. Its refresh token is the live generation's. */
export type Pair = Omit<LivePair, 'generation' | 'refreshKeyId'> & { readonly jti: string }

export type Asked = {
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  readonly jkt: string | undefined
}

/** The pair that the last rotation issued, claim for claim. */
export const livePair = (family: Family): Pair => ({ ...family.live, jti: `${family.id}.${family.live.generation}` })

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

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value) => b.includes(value))
