import { createHash } from 'node:crypto'
import type { KeyRing } from './key-ring.ts'
import type { PublicJwk } from './stores.ts'

/** RFC 7517 §5, as it is sent. */
export type KeySet = () => { readonly body: Buffer; readonly etag: string }

/**
 * One document of several rings, made when a key was added or is gone.
 *
 * @param rings the keys of tokens first: some verifiers look at no other than the first key
 */
export const createKeySet = (...rings: readonly Pick<KeyRing, 'published'>[]): KeySet => {
  let made: { readonly of: readonly (readonly PublicJwk[])[]; readonly body: Buffer; readonly etag: string } | undefined

  return () => {
    const published = rings.map((ring) => ring.published())
    if (!made || published.some((keys, index) => keys !== made?.of[index])) {
      const body = Buffer.from(JSON.stringify({ keys: published.flat() }))
      made = { of: published, body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` }
    }
    return made
  }
}
