import type { Case } from '../cases.ts'
import { fieldOf } from '../outcome.ts'
import type { Difference } from './difference.ts'

const changes = (asked: Case, name: string, ...values: readonly unknown[]): boolean => {
  if (asked.at !== 'register' || asked.changed.length !== 1 || asked.changed[0] !== name) return false
  const value = JSON.stringify(fieldOf(JSON.parse(asked.sent), name))
  return values.length === 0 || values.some((each) => JSON.stringify(each) === value)
}
const refused = '400 invalid_client_metadata'
const policy = 'RFC 7591 §3.2.1: the server "MAY reject or replace any of the client\'s requested metadata values"'

/** Registered there, and refused here. */
const stricter = (id: string, because: string, fits: (asked: Case) => boolean, ours = refused): Difference => ({
  id,
  ours,
  theirs: '201',
  because,
  covers: (asked, our, their) => fits(asked) && our === ours && their === '201',
})
/** The other way round. */
const laxer = (id: string, because: string, fits: (asked: Case) => boolean): Difference => ({
  id,
  ours: '201',
  theirs: refused,
  because,
  covers: (asked, our, their) => fits(asked) && our === '201' && their === refused,
})

export const ofRegistration: readonly Difference[] = [
  {
    id: 'a body that is no JSON object',
    ours: refused,
    theirs: '400 invalid_request',
    because: 'RFC 7591 §3.2.2: it has no other code for what cannot be read as metadata',
    covers: (asked, ours, theirs) =>
      asked.at === 'register' && asked.changed[0] === 'body' && ours === refused && theirs === '400 invalid_request',
  },
  stricter(
    'redirect_uris of a web app that are http, or on this machine',
    'RFC 9700 §2.6: no http but of native clients on loopback',
    (asked) =>
      changes(asked, 'redirect_uris', ['http://app.example/cb'], ['http://localhost/cb'], ['http://127.0.0.1:8080/cb']),
    '400 invalid_redirect_uri',
  ),
  stricter(
    'redirect_uris with a user, or a pattern',
    'RFC 9700 §4.1.3: exact strings, so a "*" would be a mistake; RFC 9110 §4.2.4 deprecates user information',
    (asked) => changes(asked, 'redirect_uris', ['https://*.example/cb'], ['https://user:pass@app.example/cb']),
    '400 invalid_redirect_uri',
  ),
  stricter('addresses of pages that are http', `${policy}, and people follow them`, (asked) =>
    ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri', 'initiate_login_uri'].some((name) => changes(asked, name)),
  ),
  stricter(
    'jwks_uri that is http',
    'RFC 7517 §8.2 with RFC 7591 §5: keys that anybody on the way could change',
    (asked) => changes(asked, 'jwks_uri', 'http://app.example/jwks'),
  ),
  stricter('a name with characters that cannot be seen', 'RFC 7591 §5: a name that makes itself another', (asked) =>
    changes(asked, 'client_name', 'a\u202eb'),
  ),
  stricter('encryption', `${policy}; to ignore it would let the client believe that it is served`, (asked) =>
    changes(asked, 'id_token_encrypted_response_alg'),
  ),
  stricter('offline_access without the grant refresh_token', policy, (asked) =>
    changes(asked, 'scope', 'openid offline_access'),
  ),
  stricter('grants that nobody can begin with, or that are not for strangers', policy, (asked) =>
    changes(asked, 'grant_types', ['refresh_token'], ['client_credentials']),
  ),
  stricter(
    'response_types that do not fit the grants',
    'RFC 7591 §2.1: they "are not completely independent"',
    (asked) => changes(asked, 'response_types', []),
  ),
  stricter(
    'software statements',
    'RFC 7591 §3.2.2: "The software statement presented is not approved for use"',
    (asked) => changes(asked, 'software_statement'),
    '400 unapproved_software_statement',
  ),
  laxer('no scope at all', 'RFC 7591 §2: an app of OAuth needs none', (asked) => changes(asked, 'scope', '')),
  laxer('an algorithm that is not used yet', 'RFC 7591 §2: it says what must be used if anything is signed', (asked) =>
    ['token_endpoint_auth_signing_alg', 'request_object_signing_alg'].some((name) => changes(asked, name)),
  ),
  laxer('null', 'RFC 7592 §2.2 has null mean the same as omitted', (asked) =>
    ['default_max_age', 'client_name'].some((name) => changes(asked, name, null)),
  ),
]
