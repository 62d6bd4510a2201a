import { isRecord } from '../../record.ts'

/**
 * What a token is bound to, as one string, the way it is stored: a bare thumbprint is a DPoP key's (RFC 7638), one behind
 * the prefix a certificate's. Neither can be taken for the other: a thumbprint has no colon.
 */
export type Confirmation = string

const ofCertificates = 'x5t#S256:'
const thumbprint = /^[\w-]{43}$/

export const certificateConfirmation = (thumbprint: string): Confirmation => ofCertificates + thumbprint

export const isKeyConfirmation = (confirmation: Confirmation): boolean => thumbprint.test(confirmation)

/** RFC 9449 §6.1, RFC 8705 §3.1. */
export type Cnf = { readonly jkt: string } | { readonly 'x5t#S256': string }

export const cnfOf = (confirmation: Confirmation): Cnf =>
  confirmation.startsWith(ofCertificates)
    ? { 'x5t#S256': confirmation.slice(ofCertificates.length) }
    : { jkt: confirmation }

/** RFC 6749 §7.1, RFC 9449 §5: a token bound to a certificate is still shown as a bearer token. */
export const tokenTypeOf = (confirmation: Confirmation | undefined): 'Bearer' | 'DPoP' =>
  confirmation !== undefined && isKeyConfirmation(confirmation) ? 'DPoP' : 'Bearer'

/**
 * @returns undefined for a token that is bound to nobody, `unknown` for one bound in a way that cannot be checked here: it
 *   must not pass for one that is not bound
 */
export const confirmationOf = (cnf: unknown): Confirmation | 'unknown' | undefined => {
  if (cnf === undefined) return undefined
  if (!isRecord(cnf) || Object.keys(cnf).length !== 1) return 'unknown'
  const { jkt, 'x5t#S256': x5t } = cnf
  if (typeof jkt === 'string' && thumbprint.test(jkt)) return jkt
  return typeof x5t === 'string' && thumbprint.test(x5t) ? certificateConfirmation(x5t) : 'unknown'
}
