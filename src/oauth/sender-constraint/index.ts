import { type Client, isPublic } from '../client.ts'
import { invalidRequest } from '../errors.ts'
import type { Confirmation } from './confirmation.ts'
import type { Proof } from './dpop.ts'

/**
 * Who sends a request, so that what it is given is worth nothing to anybody else: by the key of a DPoP proof (RFC 9449)
 * or by the certificate of the connection (RFC 8705 §3). This room knows how each is proven and what a token says of it;
 * what is bound to it is for the grants.
 */
export type Sender = Confirmation | undefined

/**
 * What the tokens of a request are bound to.
 * @param certificate the confirmation of the certificate that came with the connection
 * @throws OAuthError where the client is registered for bound tokens and sent nothing to bind them to
 */
export const senderOf = (
  client: Client,
  { proof, certificate }: { readonly proof: Proof | undefined; readonly certificate: Confirmation | undefined },
): Sender => {
  // RFC 9449 §5.2: "the authorization server MUST reject token requests from the client that do not contain the DPoP header."
  // Its `invalid_dpop_proof` (§5) is for a proof that was sent; what is missing is RFC 6749 §5.2's `invalid_request`.
  if (client.dpop_bound_access_tokens && !proof)
    throw invalidRequest('No DPoP proof was sent, and this client is registered for DPoP: send one (RFC 9449 §5.2).')
  if (!client.tls_client_certificate_bound_access_tokens) return proof?.jkt
  if (proof) throw invalidRequest('This client is registered for certificate-bound tokens: send no DPoP proof.')
  if (certificate === undefined)
    throw invalidRequest('This client is registered for certificate-bound tokens: send a certificate (RFC 8705 §3).')
  return certificate
}

/**
 * RFC 9449 §5, RFC 8705 §4: only a public client's refresh token is bound. Another one's is bound to the client already,
 * which may come with a new key or certificate each time. It is bound when it is first given, and not at a later refresh: a
 * thief who came with a key before the owner did would be its holder, and the owner's next request would betray nobody.
 */
export const refreshBinding = (client: Client, sender: Sender): Sender => (isPublic(client) ? sender : undefined)
