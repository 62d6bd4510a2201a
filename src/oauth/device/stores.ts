import type { Asked } from '../authorization/request.ts'
import type { AuthorizationCode, Consent, Origin } from '../stores.ts'

/** A device that waits for somebody to enter its user code. */
export type DeviceCode = {
  readonly hash: Buffer
  readonly userCodeHash: Buffer
  readonly asked: Asked
  readonly createdAt: Date
  readonly expiresAt: Date
  /** Seconds. */
  readonly interval: number
  /** Of the device. */
  readonly origin: Origin
}

/** What a device hears that asks again: RFC 8628 §3.5. */
export type DeviceState = 'unknown' | 'pending' | 'too_fast' | 'denied' | 'expired' | 'approved'

export type DeviceCodeStore = {
  /** @returns false when the user code is taken: then nothing happened */
  create(code: DeviceCode): Promise<boolean>
  /**
   * Binds the code to the browser in which it was entered; that one may do it again until something was decided.
   * @param userCodeHashes one for each key there is
   * @returns undefined for a code that is unknown, expired, decided, another browser's, or of a client that is gone
   */
  claim(
    userCodeHashes: readonly Buffer[],
    browserHash: Buffer,
    now: Date,
  ): Promise<Omit<DeviceCode, 'userCodeHash' | 'interval'> | undefined>
  /**
   * Completes the interaction, marks what was decided, and stores what was granted with its consent, in one statement.
   * @param granted undefined denies
   * @returns false when either was decided or expired before, or the interaction is not of the browser that entered the
   *   code: then nothing happened
   */
  decide(
    idHash: Buffer,
    hash: Buffer,
    granted: { readonly code: AuthorizationCode; readonly consent: Consent } | undefined,
    now: Date,
  ): Promise<boolean>
  /** Whether the client has such a code, whatever became of it. */
  isKnown(hash: Buffer, clientId: string): Promise<boolean>
  /** RFC 8628 §3.5: counts this request; one that comes too fast makes the interval longer by five seconds. */
  poll(hash: Buffer, clientId: string, now: Date): Promise<DeviceState>
}
