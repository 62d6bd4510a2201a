import type { Clock } from '../../clock.ts'
import type { KeyRing } from '../../keys/key-ring.ts'
import { invalidRequest } from '../../oauth/errors.ts'

/** @returns the subject of an `id_token_hint`, undefined where there is none */
export type HintedSubject = (hint: string | undefined, clientId: string) => Promise<string | undefined>

/** R20: an ID token of ours for this client, expired or not. Anything else is refused rather than ignored. */
export const createHintedSubject =
  (keys: KeyRing, clock: Clock): HintedSubject =>
  async (hint, clientId) => {
    if (hint === undefined) return undefined
    const verified = await keys.verify(hint, {
      typ: 'JWT',
      audience: clientId,
      now: clock.now(),
      requireUnexpired: false,
    })
    if (verified.is === 'invalid' || verified.claims.sub === undefined)
      throw invalidRequest('id_token_hint is not an ID token that this server issued to this client.')
    return verified.claims.sub
  }
