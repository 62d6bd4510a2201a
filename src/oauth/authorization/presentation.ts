import type { Client } from '../client.ts'
import { invalidRequest } from '../errors.ts'

/** How a request came, and with it what may be believed of it. What was pushed was checked then. */
export type Presentation = { readonly by: 'parameters' | 'object' | 'push'; readonly isSigned: boolean }

/**
 * RFC 9126 §6, RFC 9101 §10.5: whether the client may ask in this way. May be redirected.
 * @throws OAuthError
 */
export const checkPresentation = (client: Client, { by, isSigned }: Presentation): void => {
  if (client.require_pushed_authorization_requests && by !== 'push')
    throw invalidRequest('This client must push its authorization requests (RFC 9126 §6).')
  if (client.require_signed_request_object && !isSigned)
    throw invalidRequest('This client must sign its authorization requests (RFC 9101 §10.5).')
}
