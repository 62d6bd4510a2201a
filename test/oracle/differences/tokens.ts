import type { Case, Proof } from '../cases.ts'
import type { ClientName } from '../clients.ts'
import { type Difference, lacks, sets } from './difference.ts'

const proves = (asked: Case, ...proofs: readonly Proof[]): boolean => 'proof' in asked && proofs.includes(asked.proof)

const isOf = (asked: Case, client: ClientName): boolean => 'client' in asked && asked.client === client
const unreadable: readonly Proof[] = [
  'absent',
  'no Basic',
  'no colon',
  'Bearer',
  'empty secret',
  'other method',
  'wrong assertion type',
]

/** Of the endpoints that clients call themselves. */
export const ofTokens: readonly Difference[] = [
  {
    id: 'no authentication, or one that cannot be read',
    ours: '401 invalid_client',
    theirs: '400 invalid_request',
    because:
      'RFC 6749 §5.2: invalid_client is for "no client authentication included, or unsupported authentication method"',
    covers: (asked, ours, theirs) =>
      (proves(asked, ...unreadable) || (isOf(asked, 'public') && lacks(asked, 'client_id'))) &&
      ours === '401 invalid_client' &&
      theirs === '400 invalid_request',
  },
  {
    id: 'two client ids in one request',
    ours: '401 invalid_client',
    theirs: '400 invalid_request',
    because: 'RFC 6749 §5.2 fits both: the client that is named is not the one that is proven',
    covers: (asked, ours, theirs) =>
      (proves(asked, 'unknown client', 'another client_id', 'wrong issuer') || sets(asked, 'client_id')) &&
      ours === '401 invalid_client' &&
      theirs === '400 invalid_request',
  },
  {
    id: 'the other way to send a secret',
    ours: '401 invalid_client',
    theirs: 'takes either',
    because: 'RFC 7591 §2: token_endpoint_auth_method is the one that the client registered',
    covers: (asked, ours) => proves(asked, 'other method') && ours === '401 invalid_client',
  },
  {
    id: 'an assertion for the endpoint',
    ours: '401 invalid_client',
    theirs: 'takes it, but of a client of FAPI 2.0',
    because:
      'FAPI 2.0 §5.3.2.1 and the update of RFC 7523: only the issuer, or another server could play the assertion on',
    covers: (asked, ours) => proves(asked, 'endpoint as audience') && ours === '401 invalid_client',
  },
  {
    id: 'scopes of people without a person',
    ours: '400 invalid_scope',
    theirs: 'ignores them',
    because: 'RFC 6749 §3.3: "MAY fully or partially ignore the scope requested"; it need not',
    covers: (asked, ours, theirs) =>
      asked.at === 'token' &&
      asked.grant === 'client' &&
      sets(asked, 'scope') &&
      ours === '400 invalid_scope' &&
      theirs === '200',
  },
  {
    id: 'a DPoP proof before anything else',
    ours: 'invalid_dpop_proof',
    theirs: 'the same, after client, grant and scope',
    because: 'RFC 9449 §5 names the code and no order; ours looks first at what costs no statement',
    covers: (asked, ours, theirs) =>
      'dpop' in asked &&
      asked.dpop !== 'absent' &&
      (asked.client !== 'fapi' || asked.dpop !== 'right') &&
      ours === '400 invalid_dpop_proof' &&
      theirs.startsWith('4'),
  },
  {
    id: 'no DPoP proof where one is needed',
    ours: 'invalid_request',
    theirs: 'invalid_grant, after client, grant and scope',
    because:
      'RFC 9449 §5 has a code for a proof that is invalid; RFC 6749 §5.2: invalid_request is for what is missing',
    covers: (asked, ours, theirs) =>
      asked.at === 'token' &&
      asked.client === 'fapi' &&
      asked.dpop === 'absent' &&
      ours === '400 invalid_request' &&
      theirs.startsWith('400'),
  },
  {
    id: 'a DPoP proof used twice',
    ours: 'invalid_dpop_proof',
    theirs: 'takes one that was pushed, or used by another client',
    because: 'RFC 9449 §11.1: a jti is accepted once at each address, so that a proof that was seen is worth nothing',
    covers: (asked, ours, theirs) =>
      'dpop' in asked && asked.dpop === 'replayed' && ours === '400 invalid_dpop_proof' && theirs.startsWith('20'),
  },
  {
    id: 'offline_access that was granted without prompt=consent',
    ours: '200: it is among what was granted',
    theirs: 'invalid_scope: it was left out',
    because:
      'OIDC Core §11: "unless other conditions for processing the request permitting offline access are in place"',
    covers: (asked, ours, theirs) =>
      asked.at === 'token' &&
      sets(asked, 'scope', ['openid offline_access read write']) &&
      ours === '200' &&
      theirs === '400 invalid_scope',
  },
  {
    id: 'a grant that the client is not registered for',
    ours: 'unauthorized_client',
    theirs: 'invalid_request',
    because: 'RFC 6749 §5.2: "not authorized to use this authorization grant type"',
    covers: (asked, ours, theirs) =>
      asked.at === 'token' && ours === '400 unauthorized_client' && theirs === '400 invalid_request',
  },
  {
    id: 'redirect_uri left out at the token endpoint',
    ours: '200: the code is bound by PKCE',
    theirs: '400 invalid_request',
    because: 'OAuth 2.1 §4.1.3 dropped the parameter; who sends it must send what was asked with',
    covers: (asked, ours) => asked.at === 'token' && lacks(asked, 'redirect_uri') && ours === '200',
  },
  {
    id: 'a device that polls too soon',
    ours: 'slow_down',
    theirs: 'authorization_pending',
    because: 'RFC 8628 §3.5',
    covers: (asked, ours, theirs) =>
      asked.at === 'token' && ours === '400 slow_down' && theirs === '400 authorization_pending',
  },
  {
    id: 'spaces around scope values',
    ours: 'reads the values',
    theirs: 'invalid_scope',
    because: 'RFC 6749 §3.3 has one space between two; some clients send more, which asks for nothing more',
    covers: (asked, _ours, theirs) =>
      sets(asked, 'scope', [' read ', ' openid  read ']) && theirs.endsWith('invalid_scope'),
  },
  {
    id: 'introspection by a public client',
    ours: '401 invalid_client',
    theirs: 'answers',
    because: 'RFC 7662 §2.1: "the endpoint MUST also require some form of authorization"',
    covers: (asked, ours) => asked.at === 'introspect' && asked.client === 'public' && ours === '401 invalid_client',
  },
  {
    id: "revocation of another's token",
    ours: '400 invalid_request',
    theirs: '200, and the token stands',
    because: 'RFC 7009 §2.1: "the request is refused and the client is informed of the error"',
    covers: (asked, ours, theirs) =>
      asked.at === 'revoke' &&
      asked.token.startsWith("another's") &&
      ours === '400 invalid_request' &&
      theirs === '200',
  },
  {
    id: 'tokens that look like a JWT',
    ours: 'answers as for any token',
    theirs: 'unsupported_token_type',
    because:
      'RFC 7009 §2.2: "invalid tokens do not cause an error response"; RFC 7662 §2.2: of what it does not know, active is false',
    covers: (asked, _ours, theirs) =>
      (asked.at === 'introspect' || asked.at === 'revoke') &&
      sets(asked, 'token', ['e30.e30.e30']) &&
      theirs === '400 unsupported_token_type',
  },
]
