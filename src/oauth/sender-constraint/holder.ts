import { OAuthError } from '../errors.ts'
import type { ReplayStore } from '../stores.ts'
import { type Confirmation, confirmationOf, isKeyConfirmation } from './confirmation.ts'
import { checkProof, type ProofDependencies, type ProvenRequest, spendProof } from './dpop.ts'

export type Scheme = 'Bearer' | 'DPoP'

/** An access token as it was shown, with what came to prove whose it is. */
export type Shown = {
  readonly scheme: Scheme
  readonly request: ProvenRequest & { readonly accessToken: string }
  /** Of the certificate of the connection. */
  readonly certificate: Confirmation | undefined
}

/** At a resource each of these is 401: who asks has to show something else. @property scheme what would be taken */
export class HolderRefused extends OAuthError {
  override readonly status = 401
  readonly scheme: Scheme

  constructor({ code, description, reason }: OAuthError, scheme: Scheme) {
    super(code, description, reason)
    this.scheme = scheme
  }
}

/**
 * RFC 9449 §7, RFC 8705 §3: a token that is bound is honoured only for whom it is bound to.
 * @param cnf the claim of a token that was verified
 * @throws HolderRefused
 */
export const checkHolder = async (
  cnf: unknown,
  { scheme, request, certificate }: Shown,
  deps: ProofDependencies & { readonly replays: ReplayStore },
): Promise<void> => {
  const confirmation = confirmationOf(cnf)
  if (confirmation === undefined) {
    // RFC 9449 §7.1: a proof beside a token that says nothing of it proves nothing.
    if (scheme === 'DPoP') throw refused('Bearer', 'the token is bound to no key')
    return
  }
  if (!isKeyConfirmation(confirmation)) {
    if (scheme !== 'Bearer' || certificate !== confirmation)
      throw refused('Bearer', 'not with the certificate of the token')
    return
  }
  // RFC 9449 §7.2: "a DPoP-bound access token" is no bearer token.
  if (scheme !== 'DPoP') throw refused('DPoP', 'a DPoP token is shown as a bearer token')
  try {
    const proof = await checkProof(request, deps)
    if (!proof) throw refused('DPoP', 'there is no DPoP proof')
    if (proof.jkt !== confirmation) throw refused('DPoP', "the key of the proof is not the token's")
    await spendProof(proof, deps.replays, deps.now)
  } catch (error) {
    throw error instanceof OAuthError && !(error instanceof HolderRefused) ? new HolderRefused(error, 'DPoP') : error
  }
}

const refused = (scheme: Scheme, reason: string) =>
  new HolderRefused(
    new OAuthError('invalid_token', 'The access token is bound to a key or certificate that was not shown.', reason),
    scheme,
  )
