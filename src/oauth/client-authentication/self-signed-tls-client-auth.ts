import { createPublicKey, type X509Certificate } from 'node:crypto'
import type { JWK } from 'jose'
import { invalidClient } from '../errors.ts'
import { isValidAt } from '../sender-constraint/certificate.ts'
import { type Method, namesItselfOnly } from './method.ts'
import { keyProblem } from './public-key.ts'

/** RFC 8705 §2.2: a certificate that nobody vouches for, and that the client registered itself. */
export const selfSignedTlsClientAuth: Method = {
  name: 'self_signed_tls_client_auth',
  byRegistration: true,
  needs: 'certificates',

  recognizes: (request) => request.certificate !== undefined && namesItselfOnly(request),

  clientIds: ({ parameters }) => [parameters.required('client_id')],

  async authenticate({ certificate: sent }, client, { keysOf, now }) {
    if (!client) throw invalidClient('no client of that id may use self_signed_tls_client_auth')
    if (!sent || !isValidAt(sent.certificate, now))
      throw invalidClient('there is no certificate, or it is not valid now')
    const isKnown = (keys: readonly JWK[]) => keys.some((key) => isOf(sent.certificate, key))
    if (isKnown(await keysOf(client))) return
    // The client may have renewed its certificate.
    if (client.jwks_uri !== undefined && isKnown(await keysOf(client, { refetch: true }))) return
    throw invalidClient('the certificate is not one of the client')
  },
}

/** RFC 7517 §4.7: where a certificate is registered it is the one, else whichever has the key. */
const isOf = ({ raw, publicKey }: X509Certificate, key: JWK): boolean => {
  if (keyProblem(key) !== undefined) return false
  if (key.x5c !== undefined) return Array.isArray(key.x5c) && key.x5c[0] === raw.toString('base64')
  return createPublicKey({ key: { ...key }, format: 'jwk' }).equals(publicKey)
}
