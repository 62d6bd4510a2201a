import type { X509Certificate } from 'node:crypto'
import type { Client } from '../client.ts'
import { invalidClient } from '../errors.ts'
import { parseDistinguishedName, parseSubject, sameName } from '../sender-constraint/distinguished-name.ts'
import { hasName } from '../sender-constraint/subject-alternative-name.ts'
import { type Method, namesItselfOnly } from './method.ts'

/** RFC 8705 §2.1: a certificate that one of the configured authorities issued, with the name that was registered. */
export const tlsClientAuth: Method = {
  name: 'tls_client_auth',
  byRegistration: true,
  needs: 'authorities',

  recognizes: (request) => request.certificate !== undefined && namesItselfOnly(request),

  clientIds: ({ parameters }) => [parameters.required('client_id')],

  async authenticate({ certificate }, client, { now }) {
    if (!client) throw invalidClient('no client of that id may use tls_client_auth')
    if (!certificate?.isTrusted(now)) throw invalidClient('no authority of ours vouches for the certificate')
    if (!isNamed(certificate.certificate, client)) throw invalidClient('the certificate has another name')
  },
}

/** Of a client exactly one is registered: src/oauth/registration-rules/sender-constraint.ts. */
const isNamed = ({ subject, subjectAltName }: X509Certificate, client: Client): boolean => {
  const { tls_client_auth_subject_dn: dn } = client
  if (dn !== undefined) return sameName(parseDistinguishedName(dn), parseSubject(subject))
  const names = [
    ['dns', client.tls_client_auth_san_dns],
    ['uri', client.tls_client_auth_san_uri],
    ['ip', client.tls_client_auth_san_ip],
    ['email', client.tls_client_auth_san_email],
  ] as const
  return names.some(([kind, wanted]) => wanted !== undefined && hasName(subjectAltName, kind, wanted))
}
