import t from 'tap'
import { decide, type Standing } from '../../../src/oauth/authorization/decide.ts'
import type { RedirectedRequest } from '../../../src/oauth/authorization/request.ts'
import type { Person } from '../../../src/oauth/stores.ts'

const received = new Date('2026-01-01T12:00:00Z')
const at = (seconds: number) => new Date(received.getTime() + seconds * 1000)

const aRequest = (more: Partial<RedirectedRequest> = {}): RedirectedRequest => ({
  clientId: 'app',
  redirectUri: 'https://app.example/cb',
  responseMode: 'query',
  state: undefined,
  scope: ['openid', 'read'],
  resources: [],
  nonce: undefined,
  codeChallenge: undefined,
  prompt: [],
  maxAge: undefined,
  loginHint: undefined,
  hintedSubject: undefined,
  acrValues: [],
  uiLocales: [],
  claims: {},
  dpopJkt: undefined,
  pushedHash: undefined,
  ...more,
})
const aPerson = (authenticatedAt: Date): Person => ({
  userId: 'alice',
  username: 'alice',
  sessionId: 's',
  authenticatedAt,
  acr: '1',
  amr: ['pwd'],
  idleExpiresAt: at(1e6),
  absoluteExpiresAt: at(1e6),
})
const before = aPerson(at(-100))
const since = aPerson(at(10))
const consent = (grantedAt: Date, scope = ['openid', 'read'], resources: string[] = []) => ({
  scope,
  resources,
  grantedAt,
})
const old = consent(at(-1000))
const standing = (more: Partial<Standing> = {}): Standing => ({
  person: before,
  subject: 'alice',
  consent: old,
  firstParty: false,
  isImitable: false,
  receivedAt: received,
  now: at(20),
  ...more,
})

t.test('what stands between a request and its code (OIDC Core §3.1.2.3, §3.1.2.4)', async (t) => {
  const cases: [string, RedirectedRequest, Standing, string][] = [
    ['somebody who logged in and consented before', aRequest(), standing(), 'grant'],
    ['nobody', aRequest(), standing({ person: undefined, consent: undefined }), 'log-in nobody'],
    [
      'R16 prompt=none and nobody',
      aRequest({ prompt: ['none'] }),
      standing({ person: undefined }),
      'refuse login_required',
    ],
    [
      'R16 prompt=none without consent',
      aRequest({ prompt: ['none'] }),
      standing({ consent: undefined }),
      'refuse consent_required',
    ],
    ['prompt=none with both', aRequest({ prompt: ['none'] }), standing(), 'grant'],
    ['prompt=login', aRequest({ prompt: ['login'] }), standing(), 'log-in confirm'],
    ['prompt=login, done since', aRequest({ prompt: ['login'] }), standing({ person: since }), 'grant'],
    ['prompt=select_account', aRequest({ prompt: ['select_account'] }), standing(), 'log-in another'],
    ['R19 max_age=0', aRequest({ maxAge: 0 }), standing(), 'log-in confirm'],
    ['R19 max_age=0, done since', aRequest({ maxAge: 0 }), standing({ person: since }), 'grant'],
    ['max_age passed', aRequest({ maxAge: 119 }), standing(), 'log-in confirm'],
    ['max_age not passed', aRequest({ maxAge: 121 }), standing(), 'grant'],
    ['max_age passed and prompt=none', aRequest({ maxAge: 1, prompt: ['none'] }), standing(), 'refuse login_required'],
    ['R20 a hint of somebody else', aRequest({ hintedSubject: 'bob' }), standing(), 'log-in another'],
    [
      'R20 a hint of somebody else, silently',
      aRequest({ hintedSubject: 'bob', prompt: ['none'] }),
      standing(),
      'refuse login_required',
    ],
    [
      'a hint of somebody else, who did not come',
      aRequest({ hintedSubject: 'bob' }),
      standing({ person: since }),
      'refuse login_required',
    ],
    ['a hint of this person', aRequest({ hintedSubject: 'alice' }), standing(), 'grant'],
    [
      'an essential acr that is met',
      aRequest({ claims: { id_token: { acr: { essential: true, values: ['1', '2'] } } } }),
      standing(),
      'grant',
    ],
    [
      'an essential acr that is not',
      aRequest({ claims: { id_token: { acr: { essential: true, value: '2' } } } }),
      standing(),
      'refuse unmet_authentication_requirements',
    ],
    [
      'an acr that is only wished for',
      aRequest({ claims: { id_token: { acr: { values: ['2'] } } } }),
      standing(),
      'grant',
    ],
    ['no consent yet', aRequest(), standing({ consent: undefined }), 'consent openid read'],
    ['S7 a larger scope', aRequest({ scope: ['openid', 'read', 'write'] }), standing(), 'consent write'],
    ['S7 a new resource', aRequest({ resources: ['https://api.example'] }), standing(), 'consent '],
    ['a smaller scope', aRequest({ scope: ['openid'] }), standing(), 'grant'],
    ['prompt=consent', aRequest({ prompt: ['consent'] }), standing(), 'consent '],
    ['prompt=consent, given since', aRequest({ prompt: ['consent'] }), standing({ consent: consent(at(5)) }), 'grant'],
    ['RFC 8252 §8.6: an imitable client and an old consent', aRequest(), standing({ isImitable: true }), 'consent '],
    [
      'an imitable client and a new consent',
      aRequest(),
      standing({ isImitable: true, consent: consent(at(5)) }),
      'grant',
    ],
    [
      'an imitable client of the first party',
      aRequest(),
      standing({ isImitable: true, firstParty: true, consent: undefined }),
      'grant',
    ],
    [
      'prompt=consent, and a new consent to less',
      aRequest({ prompt: ['consent'] }),
      standing({ consent: consent(at(5), ['openid']) }),
      'consent read',
    ],
    ['a first-party client', aRequest(), standing({ firstParty: true, consent: undefined }), 'grant'],
    [
      'a first-party client with prompt=consent',
      aRequest({ prompt: ['consent'] }),
      standing({ firstParty: true }),
      'consent ',
    ],
  ]
  for (const [what, request, stands, expected] of cases) {
    const decision = decide(request, stands)
    const detail =
      decision.is === 'log-in'
        ? decision.why
        : decision.is === 'refuse'
          ? decision.code
          : decision.is === 'consent'
            ? decision.news.join(' ')
            : ''
    t.equal(decision.is === 'grant' ? 'grant' : `${decision.is} ${detail}`, expected, what)
  }
})

t.test('T20 a device is asked for by its person alone, whatever was allowed before (RFC 8628 §5.4)', async (t) => {
  const { redirectUri: _, responseMode: __, state: ___, codeChallenge: ____, ...asked } = aRequest()
  const askedAt = received.toISOString()
  const device = {
    codeHash: '',
    userCode: 'WDJB-MJHT',
    ip: undefined,
    userAgent: undefined,
    askedAt,
    expiresAt: askedAt,
  }
  for (const [title, more] of Object.entries({
    'an own app': { firstParty: true },
    'a consent of before': { consent: old },
    'a consent since': { consent: consent(at(10)) },
    'a login since, in an own app': { person: since, consent: consent(at(10)), firstParty: true },
  }))
    t.equal(decide({ ...asked, device }, standing(more)).is, 'consent', title)
  t.match(decide({ ...asked, device }, standing({ person: undefined })), { is: 'log-in', why: 'nobody' })
})
