import type { SigningAlgorithm } from '../oauth/client.ts'

/**
 * What the keys ask of storage. Private keys are never in the database; it holds the schedule, so that every server
 * agrees which key signs. Each method is one atomic act and tells the other servers (NOTIFY) when it changed something.
 */
export type SigningKeyRecord = {
  /** RFC 7638 thumbprint. */
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly publicJwk: PublicJwk
  readonly createdAt: Date
  readonly activatesAt: Date
  /** From here on it signs no longer; undefined while it has no successor. */
  readonly retiresAt: Date | undefined
  /** From here on it is published no longer. */
  readonly goneAt: Date | undefined
}

/** Public members only, with `kid`, `alg` and `use: 'sig'`; of a key of the feed also `purpose`. */
export type PublicJwk = Readonly<Record<string, string>>

/** What a key signs: tokens, or the feed that says which of them were revoked. Neither is ever taken for the other. */
export type KeyPurpose = 'tokens' | 'revocations'

/** The keys of one purpose. */
export type SigningKeyStore = {
  /** Every key, gone ones too. */
  list(): Promise<readonly SigningKeyRecord[]>
  /**
   * Stores each of the keys whose algorithm has no row yet, under a lock on the table: of two servers that start at once
   * on an empty one, the second stores nothing.
   * @returns every key the table holds afterwards
   */
  insertIfNone(keys: readonly SigningKeyRecord[]): Promise<readonly SigningKeyRecord[]>
  /**
   * Stores the successor and gives the predecessor its end, in one transaction, only while the predecessor's
   * `retiresAt` is null.
   * @returns false when another server was first: then nothing was stored
   */
  succeed(
    successor: SigningKeyRecord,
    predecessor: Pick<SigningKeyRecord, 'kid' | 'retiresAt' | 'goneAt'>,
  ): Promise<boolean>
  /**
   * Emergency: stores the key, and in the same transaction every other key of its algorithm is retired and gone at its
   * `activatesAt` (an earlier instant stays), and each that was still published is entered in the feed.
   */
  replaceAll(key: SigningKeyRecord): Promise<void>
}

/** @property id 8 hexadecimal characters */
export type RefreshKeyRecord = {
  readonly id: string
  readonly createdAt: Date
  /** From here on it mints no longer; it still recognises. */
  readonly retiresAt: Date | undefined
}

export type RefreshKeyStore = {
  list(): Promise<readonly RefreshKeyRecord[]>
  /** Stores the key when the table is empty, under a lock on it. @returns every key the table holds afterwards */
  insertIfNone(key: RefreshKeyRecord): Promise<readonly RefreshKeyRecord[]>
  /** Stores the successor and the predecessor's end, only while that is null. @returns false when another was first */
  succeed(successor: RefreshKeyRecord, predecessor: { readonly id: string; readonly retiresAt: Date }): Promise<boolean>
  /** Emergency: stores the key and deletes every other in one transaction; every refresh token they minted is void. */
  replaceAll(key: RefreshKeyRecord): Promise<void>
}
