import type { Case } from '../cases.ts'
import { codeOf, type Difference, holdsNul, isTaken, lacks, sets } from './difference.ts'

const asks = ({ at }: Case): boolean => at === 'authorize' || at === 'par'

/** Of the authorization endpoint, and of what is pushed. */
export const ofAuthorization: readonly Difference[] = [
  {
    id: 'unknown scope',
    ours: 'invalid_scope',
    theirs: 'ignores the value',
    because: 'RFC 6749 §3.3: the server "MAY fully or partially ignore the scope requested"; it need not',
    covers: (asked, ours, theirs) =>
      asks(asked) && sets(asked, 'scope') && codeOf(ours).endsWith('invalid_scope') && isTaken(theirs),
  },
  {
    id: 'scope without openid',
    ours: 'a request of OAuth alone',
    theirs: 'invalid_request, where a parameter of OpenID Connect stands beside it; access_denied without any scope',
    because:
      'OIDC Core §3.1.2.1: without openid "the behavior is entirely unspecified"; RFC 6749 §3.1 ignores the others',
    covers: (asked, ours, theirs) =>
      asks(asked) &&
      (sets(asked, 'scope') || lacks(asked, 'scope')) &&
      (isTaken(ours) || codeOf(ours).endsWith('invalid_scope')) &&
      /(?:invalid_request|access_denied)$/.test(codeOf(theirs)),
  },
  {
    id: 'implicit and hybrid in the query',
    ours: 'unsupported_response_type in the query',
    theirs: 'the same in the fragment',
    because: 'RFC 6749 §4.1.2.1: of the code grant, the only one here; RFC 9700 §2.1.2',
    covers: (asked, ours, theirs) =>
      asked.at === 'authorize' &&
      sets(asked, 'response_type') &&
      codeOf(ours) === codeOf(theirs) &&
      /^query/.test(ours) &&
      /^(signed )?fragment/.test(theirs),
  },
  {
    id: 'response_mode fragment',
    ours: 'invalid_request in the query',
    theirs: 'serves it',
    because: 'RFC 9700 §4.3.1: nothing in fragments; response_modes_supported does not name it',
    covers: (asked, ours, theirs) =>
      asks(asked) &&
      sets(asked, 'response_mode', ['fragment', 'fragment.jwt']) &&
      codeOf(ours).endsWith('invalid_request') &&
      (/fragment/.test(theirs) || isTaken(theirs)),
  },
  {
    id: 'unknown response_mode',
    ours: 'invalid_request',
    theirs: 'unsupported_response_mode',
    because: 'RFC 6749 §4.1.2.1: "includes an invalid parameter value"; theirs is no registered code',
    covers: (asked, ours, theirs) =>
      asks(asked) &&
      sets(asked, 'response_mode') &&
      codeOf(ours).endsWith('invalid_request') &&
      codeOf(theirs).endsWith('unsupported_response_mode'),
  },
  {
    id: 'code code',
    ours: 'unsupported_response_type',
    theirs: 'takes it for code',
    because:
      'RFC 6749 §3.1.1: an extension type is a list whose order does not matter; one that names a value twice is registered nowhere',
    covers: (asked, ours) =>
      asks(asked) && sets(asked, 'response_type', ['code code']) && codeOf(ours).endsWith('unsupported_response_type'),
  },
  {
    id: 'request objects that cannot be read',
    ours: 'an error page',
    theirs: 'redirects to what stands beside the object',
    because: 'RFC 9101 §6.3: only what is in the object counts, so where to reply is not known (RFC 9700 §4.11.2)',
    covers: (asked, ours) =>
      asked.at === 'authorize' && (sets(asked, 'request') || sets(asked, 'request_uri')) && ours === 'page 400',
  },
  {
    id: 'beside a pushed request',
    ours: 'ignores what is not repeated',
    theirs: 'refuses a response_type that differs',
    because:
      'RFC 9126 §4 with RFC 9101 §6.3: "MUST only use the parameters in the Request Object even if the same parameter is provided in the query"',
    covers: (asked, ours, theirs) =>
      asked.at === 'authorize' && asked.pushed && sets(asked, 'response_type') && isTaken(ours) && !isTaken(theirs),
  },
  {
    id: 'a pushed request_uri',
    ours: 'invalid_request',
    theirs: 'invalid_request, or that request_uri is not supported',
    because: 'RFC 9126 §2.1: it "MUST NOT be provided"; §2.3: the codes of RFC 6749 §4.1.2.1',
    covers: (asked, ours) => asked.at === 'par' && sets(asked, 'request_uri') && ours === '400 invalid_request',
  },
  {
    id: 'max_age that is no number',
    ours: 'invalid_request',
    theirs: 'ignores it',
    because: 'OIDC Core §3.1.2.1: elapsed time in seconds; RFC 6749 §4.1.2.1: an invalid value is invalid_request',
    covers: (asked, ours, theirs) =>
      asks(asked) && sets(asked, 'max_age') && codeOf(ours).endsWith('invalid_request') && isTaken(theirs),
  },
  {
    id: 'code_challenge of a wrong length',
    ours: 'invalid_request',
    theirs: 'takes it, and no verifier will do',
    because: 'RFC 7636 §4.2: S256 makes 43 characters',
    covers: (asked, ours, theirs) =>
      asks(asked) && sets(asked, 'code_challenge') && codeOf(ours).endsWith('invalid_request') && isTaken(theirs),
  },
  {
    id: 'dpop_jkt that is none',
    ours: 'invalid_request',
    theirs: 'takes it, and no key will do',
    because: 'RFC 9449 §10: a SHA-256 thumbprint; RFC 6749 §4.1.2.1',
    covers: (asked, ours, theirs) =>
      asks(asked) && sets(asked, 'dpop_jkt') && codeOf(ours).endsWith('invalid_request') && isTaken(theirs),
  },
  {
    id: 'dpop_jkt of another key than the proof',
    ours: 'invalid_dpop_proof',
    theirs: 'invalid_request',
    because: 'RFC 9449 §10.1: it "MUST reject the request", and names no code',
    covers: (asked, ours, theirs) =>
      asked.at === 'par' &&
      sets(asked, 'dpop_jkt') &&
      asked.dpop !== 'absent' &&
      ours === '400 invalid_dpop_proof' &&
      theirs === '400 invalid_request',
  },
  {
    id: 'unknown members of claims',
    ours: 'ignores them',
    theirs: 'invalid_request',
    because: 'OIDC Core §5.5: "Any members used that are not understood MUST be ignored"',
    covers: (asked, ours, theirs) =>
      asks(asked) &&
      sets(asked, 'claims', ['{"x":{}}', '{}']) &&
      isTaken(ours) &&
      codeOf(theirs).endsWith('invalid_request'),
  },
  {
    id: 'U+0000',
    ours: 'an error page or 400, whatever it stands in',
    theirs: 'ignores it in what it does not know',
    because: 'RFC 6749 Appendix A: no parameter of any name holds it, and no text of the database',
    covers: (asked, ours) => holdsNul(asked) && (ours === 'page 400' || ours === '400 invalid_request'),
  },
  {
    id: 'a control character in nonce',
    ours: 'invalid_request',
    theirs: 'takes it',
    because: 'RFC 6749 Appendix A has no parameter with one',
    covers: (asked, ours, theirs) =>
      asks(asked) && sets(asked, 'nonce', ['a\u0007']) && codeOf(ours).endsWith('invalid_request') && isTaken(theirs),
  },
  {
    id: 'claims of a scope that was not asked for',
    ours: 'ignores them',
    theirs: 'asks the person about each',
    because:
      'OIDC Core §5.5: "Any members used that are not understood MUST be ignored"; people consent to scopes here',
    covers: (asked, ours, theirs) =>
      asked.at === 'authorize' && sets(asked, 'claims') && isTaken(ours) && codeOf(theirs).startsWith('consent'),
  },
  {
    id: 'an essential acr that nobody here can have',
    ours: 'unmet_authentication_requirements',
    theirs: 'asks for another login',
    because: 'OIDC Core §5.5.1.1: "MUST treat that outcome as a failed authentication attempt"',
    covers: (asked, ours, theirs) =>
      asked.at === 'authorize' &&
      sets(asked, 'claims') &&
      codeOf(ours) === 'unmet_authentication_requirements' &&
      isTaken(theirs),
  },
]
