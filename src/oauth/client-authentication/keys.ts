import type { JWK } from 'jose'
import type { Client } from '../client.ts'
import { Unavailable } from '../errors.ts'
import { type Trust, trustOf } from '../trust.ts'

/** Reads the key set at a `jwks_uri`; the edge that implements it decides where it may connect to, and how often. */
export type RemoteKeys = {
  /**
   * @param options.refetch the cached set lacks a key; it is read again unless that was done a moment ago
   * @returns undefined when there is no set to be had; why is in the edge's log
   */
  get(uri: string, options: Trust & { readonly refetch: boolean }): Promise<readonly JWK[] | undefined>
}

/** The public keys of a client. `refetch` says that those known so far did not do. @throws Unavailable */
export type KeysOf = (client: Client, options?: { readonly refetch: boolean }) => Promise<readonly JWK[]>

/** Seconds. */
const retryAfter = 30

export const createKeysOf =
  (remote: RemoteKeys): KeysOf =>
  async (client, { refetch } = { refetch: false }) => {
    if (client.jwks_uri === undefined) return client.jwks?.keys ?? []
    const keys = await remote.get(client.jwks_uri, { refetch, ...trustOf(client) })
    // Not a refusal: that its own server is away says nothing against the client, which should come again.
    if (!keys) throw new Unavailable(undefined, retryAfter, 'the keys at jwks_uri could not be read')
    return keys
  }
