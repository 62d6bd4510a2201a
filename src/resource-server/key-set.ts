import { importJWK, type JWK } from 'jose'
import { isObject, readObject, Unreachable } from './exchange.ts'
import { createKept, type Kept } from './kept.ts'
import { unfit } from './key-kind.ts'
import type { Metadata } from './metadata.ts'
import type { Settings } from './options.ts'

export type Purpose = 'tokens' | 'revocations'
export type VerificationKey = Awaited<ReturnType<typeof importJWK>>
export type Found =
  | { readonly is: 'found'; readonly key: VerificationKey }
  /** Seconds until the set may be read again. */
  | { readonly is: 'unknown'; readonly readAgainIn: number }
  /** Known, but made for something else. */
  | { readonly is: 'foreign'; readonly why: string }

export type KeySet = {
  /** @throws Unreachable, also where the key may be newer than what is held and nobody can say */
  find(kid: string, algorithm: string, purpose: Purpose): Promise<Found>
  /** @throws Unreachable */
  ready(): Promise<void>
}

type Key = { readonly jwk: JWK; readonly purpose: unknown; readonly imported: Map<string, Promise<VerificationKey>> }

const most = { bytes: 256 * 1024, keys: 200 }
export const createKeySet = (settings: Settings, metadata: Kept<Metadata>): KeySet => {
  const keys = createKept({
    about: 'keys',
    settings,
    load: async () => {
      const { jwksUri } = await metadata.get()
      const accept = 'application/jwk-set+json, application/json'
      return keysIn(await readObject({ url: jwksUri, accept, timeout: settings.timeout }, most.bytes))
    },
  })
  return {
    async find(kid, algorithm, purpose) {
      // D8: unknown names cost one reading per cool-down, whoever sends them and however many.
      const key = (await keys.get()).get(kid) ?? (await keys.anew()).get(kid)
      if (!key) return { is: 'unknown', readAgainIn: Math.ceil(keys.coolsFor()) }
      const why = foreign(key, algorithm, purpose)
      if (why !== undefined) return { is: 'foreign', why }
      const imported = key.imported.get(algorithm) ?? importJWK(key.jwk, algorithm)
      key.imported.set(algorithm, imported)
      return { is: 'found', key: await imported }
    },
    ready: async () => void (await keys.get()),
  }
}

const foreign = ({ jwk, purpose }: Key, algorithm: string, wanted: Purpose): string | undefined => {
  if (wanted === 'tokens' && purpose !== undefined) return `its purpose is ${String(purpose)}, it signs no tokens`
  if (wanted === 'revocations' && purpose !== 'revocations') return 'its purpose is not revocations'
  return unfit(jwk, algorithm)
}

const keysIn = ({ keys }: Readonly<Record<string, unknown>>): ReadonlyMap<string, Key> => {
  if (!Array.isArray(keys)) throw new Unreachable('the key set has no keys')
  const found = new Map<string, Key>()
  for (const key of keys.slice(0, most.keys)) {
    if (!isObject(key) || typeof key.kid !== 'string') continue
    const text = (name: string): string | undefined => {
      const value = key[name]
      return typeof value === 'string' ? value : undefined
    }
    // Only what is public, whatever was published by mistake, and never a symmetric key (RFC 8725 §3.2).
    const jwk: JWK = {}
    for (const name of ['kty', 'crv', 'alg', 'use', 'n', 'e', 'x', 'y'] as const) {
      const value = text(name)
      if (value !== undefined) jwk[name] = value
    }
    if (jwk.kty !== 'oct') found.set(key.kid, { jwk, purpose: key.purpose, imported: new Map() })
  }
  return found
}
