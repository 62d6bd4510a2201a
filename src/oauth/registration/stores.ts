import type { Client, ClientMetadata, ClientSecret } from '../client.ts'

/** @property hash SHA-256 of the registration access token */
export type NewRegistration = {
  readonly clientId: string
  readonly metadata: ClientMetadata
  readonly secret: ClientSecret | undefined
  readonly hash: Buffer
  /** SHA-256 of the initial access token, which is spent in the same statement; undefined where none is asked for. */
  readonly invitation: Buffer | undefined
}

/** @property hash SHA-256 of the initial access token */
export type Invitation = {
  readonly id: string
  readonly hash: Buffer
  readonly uses: number
  readonly expiresAt: Date
}

export type RegistrationStore = {
  /** @returns whether the initial access token could be spent now; nothing is spent */
  isInvited(hash: Buffer, now: Date): Promise<boolean>
  /** @returns `full` where too many clients wait for their first login already */
  register(registration: NewRegistration, now: Date): Promise<'registered' | 'uninvited' | 'full'>
  /**
   * RFC 7592 §2.2. What it was given ends where it knows people by another `sub` from now on. A new token beside the one that was presented, which stands until the new one is used.
   * @param read that from which the change was made; it must be what is stored still
   * @param change.secret one to be added; `none` forgets those there are
   * @param change.consents whether what people allowed still holds
   * @returns `stale` where another change came between; `refused` where the presented token does not stand any more
   */
  replace(
    read: Client,
    change: {
      readonly metadata: ClientMetadata
      readonly presented: Buffer
      readonly next: Buffer
      readonly secret: ClientSecret | 'none' | undefined
      readonly consents: 'keep' | 'forget'
    },
    now: Date,
  ): Promise<'replaced' | 'stale' | 'refused'>
  /** Past any memory: another server may have changed it just now. */
  find(clientId: string): Promise<Client | undefined>
  /** Ends whatever the client was given, and forgets it. */
  remove(clientId: string, now: Date): Promise<boolean>
  /** The one that was used arrived: what was before it is worth nothing any more. */
  settle(clientId: string, used: Buffer): Promise<void>
  /** Written down once a day. */
  markUsed(clientId: string, now: Date): Promise<void>
  invite(invitation: Invitation, now: Date): Promise<void>
}
