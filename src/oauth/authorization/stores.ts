import type { AuthorizationCode, Consent, Person } from '../stores.ts'
import type { AuthorizationRequest } from './request.ts'

/** One authorization request on its way through login and consent. */
export type Interaction = {
  readonly idHash: Buffer
  readonly browserHash: Buffer
  readonly clientId: string
  readonly request: AuthorizationRequest
  readonly receivedAt: Date
  readonly expiresAt: Date
  readonly completedAt: Date | undefined
}

export type InteractionStore = {
  /** Who is at the browser, and what that person already granted to the client. */
  person(
    sessionHash: Buffer,
    clientId: string,
    now: Date,
  ): Promise<{ readonly person: Person; readonly consent: Consent | undefined } | undefined>
  create(interaction: Interaction): Promise<void>
  /** The interaction with who is at the browser and what was granted before, in one statement. Completed ones too. */
  find(
    idHash: Buffer,
    sessionHash: Buffer | undefined,
    now: Date,
  ): Promise<
    | { readonly interaction: Interaction; readonly person: Person | undefined; readonly consent: Consent | undefined }
    | undefined
  >
  /**
   * Marks the interaction completed, remembers the consent, and stores the code, in one statement.
   * @param consent undefined when nothing new was granted
   * @param pushed the hash of the pushed request that is spent with it
   * @returns false when it was completed before, or the pushed request in another interaction: then nothing happened
   */
  complete(
    idHash: Buffer,
    code: AuthorizationCode | undefined,
    consent: Consent | undefined,
    now: Date,
    pushed?: Buffer,
  ): Promise<boolean>
}

/** RFC 9126: an authorization request that its client sent beforehand. */
export type PushedRequest = {
  /** SHA-256 of the `request_uri`. */
  readonly hash: Buffer
  readonly clientId: string
  /** Form-encoded, as they were checked. */
  readonly parameters: string
  /** RFC 9449 §10.1: the thumbprint of the proof that came with it. */
  readonly jkt: string | undefined
  readonly createdAt: Date
  readonly expiresAt: Date
  /** When it was answered: `InteractionStore.complete`, `CodeStore.issue`, or `spend` where nobody was asked. */
  readonly spentAt: Date | undefined
}

export type PushedRequestStore = {
  create(request: PushedRequest): Promise<void>
  find(hash: Buffer): Promise<PushedRequest | undefined>
  /** @returns whether it had not been answered yet */
  spend(hash: Buffer, now: Date): Promise<boolean>
}
