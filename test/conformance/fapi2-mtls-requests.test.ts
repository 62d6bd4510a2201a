import t from 'tap'
import { claims } from '../support/server.ts'
import { aServerForCertificates, codeOf, loggingIn } from './certified.ts'

/** FAPI 2.0 Security Profile with certificates: the requests, pushed and answered. */
const suite = 'fapi2-security-profile-final'
const { server, discovery, person, visitor, aClient } = await aServerForCertificates(t)
const [bank, other] = [await aClient('bank'), await aClient('other')]
await bank.ask()

const push = (changes: Record<string, string> = {}) => bank.push(bank.parameters(changes).parameters)
const answerOf = ({ leaves }: { leaves: URL | undefined }) => Object.fromEntries(leaves?.searchParams ?? [])
const isPage = (page: { status: number; leaves: URL | undefined; html: string }) =>
  page.status === 400 && !page.leaves && page.html.includes('id="error-page"')

t.test(`${suite}-user-rejects-authentication: access_denied at the client`, async (t) => {
  const stranger = server.visitor()
  await stranger.visit(bank.pushedUrl(await push()))
  const page = await stranger.submit('login-form', {}, 'login-cancel')
  t.match(answerOf(page), { error: 'access_denied', state: 'the state', iss: server.issuer })
})

t.test(`${suite}-ensure-authorization-request-without-state-success: none comes back`, async (t) => {
  const { page } = await bank.ask({ state: '' })
  t.ok(codeOf(page))
  t.notOk('state' in answerOf(page))
})

for (const [module, nonce] of [
  ['ensure-authorization-request-without-nonce-success', ''],
  ['ensure-authorization-request-with-64-char-nonce-success', 'n'.repeat(64)],
  ['ensure-authorization-request-with-long-nonce', 'n'.repeat(384)],
] as const)
  t.test(`${suite}-${module}: as it was sent`, async (t) => {
    const { status, body } = await bank.login({ nonce })
    t.equal(status, 200, JSON.stringify(body))
    t.equal(claims(body.id_token).nonce, nonce === '' ? undefined : nonce)
  })

t.test(`${suite}-ensure-authorization-request-with-long-state: as it was sent`, async (t) => {
  const state = 's'.repeat(1000)
  t.equal(answerOf((await bank.ask({ state })).page).state, state)
})

t.test(`${suite}-ensure-other-scope-order-succeeds: openid last`, async (t) => {
  t.equal((await bank.login({ scope: 'email openid' })).status, 200)
})

t.test(`${suite}-test-claims-parameter-identity-claims: in the ID token that was asked for`, async (t) => {
  const wanted = JSON.stringify({ id_token: { email: { essential: true } } })
  const { body } = await bank.login({ scope: 'openid email', claims: wanted })
  t.equal(claims(body.id_token).email, 'alice@example.com')
})

for (const name of ['nonce', 'state'])
  t.test(`${suite}-ensure-different-${name}-inside-and-outside-request-object: the pushed one counts`, async (t) => {
    const { parameters, verifier } = bank.parameters()
    const page = await visitor.visit(bank.pushedUrl(await bank.push(parameters), { [name]: 'outside' }))
    t.equal(answerOf(page).state, parameters.state)
    const { body } = await bank.redeem(codeOf(page), verifier)
    t.equal(claims(body.id_token).nonce, parameters.nonce)
  })

t.test(`${suite}-state-only-outside-request-object-not-used: none comes back`, async (t) => {
  const page = await visitor.visit(bank.pushedUrl(await push({ state: '' }), { state: 'outside' }))
  t.ok(codeOf(page))
  t.notOk('state' in answerOf(page))
})

const refusedAtPar: Readonly<Record<string, Record<string, string>>> = {
  'ensure-request-object-without-redirect-uri-fails': { redirect_uri: '' },
  'ensure-redirect-uri-in-authorization-request': { redirect_uri: '' },
  'plain-fapi-tolerate-unregistered-redirect-uri': { redirect_uri: 'https://app.example/unregistered' },
  'ensure-response-type-code-idtoken-fails': { response_type: 'code id_token' },
  'ensure-response-type-token-fails': { response_type: 'token' },
  'par-authorization-request-containing-request_uri-form-param': { request_uri: 'urn:x' },
  'par-ensure-pkce-required': { code_challenge: '', code_challenge_method: '' },
  'par-plain-pkce-rejected': { code_challenge_method: 'plain' },
}
for (const [module, changes] of Object.entries(refusedAtPar))
  t.test(`${suite}-${module}: 400 at PAR`, async (t) => {
    const { status, body } = await push(changes)
    t.equal(status, 400)
    t.match(body.error, /^(?:invalid_request|unsupported_response_type)$/)
    t.notOk('request_uri' in body)
  })

t.test(`${suite}-ensure-unsigned-authorization-request-without-using-par-fails: refused`, async (t) => {
  const { parameters } = bank.parameters()
  const page = await visitor.visit(`${discovery.authorization_endpoint}?${new URLSearchParams(parameters)}`)
  t.match(answerOf(page), { error: 'invalid_request', iss: server.issuer })
})

t.test(`${suite}-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds: a reload`, async (t) => {
  const url = bank.pushedUrl(await push())
  const stranger = server.visitor()
  await stranger.visit(url)
  t.ok(codeOf(await loggingIn(stranger, url, person)))
})

t.test(`${suite}-par-attempt-reuse-request_uri: an answered one is spent`, async (t) => {
  const url = bank.pushedUrl(await push())
  t.ok(codeOf(await visitor.visit(url)))
  t.ok(isPage(await visitor.visit(url)))
})

t.test(`${suite}-par-attempt-to-use-expired-request_uri: a page`, async (t) => {
  const answer = await push()
  server.clock.advance({ seconds: Number(answer.body.expires_in) + 1 })
  t.ok(isPage(await visitor.visit(bank.pushedUrl(answer))))
})

t.test(`${suite}-par-attempt-to-use-request_uri-for-different-client: a page`, async (t) => {
  t.ok(isPage(await visitor.visit(other.pushedUrl(await push()))))
})

t.test(`${suite}-par-attempt-invalid-http-method: 405`, async (t) => {
  for (const method of ['GET', 'PUT'])
    t.equal((await bank.send('pushed_authorization_request_endpoint', undefined, { method })).status, 405, method)
})

t.test(`${suite}-par-without-duplicate-parameters: client_id and request_uri alone`, async (t) => {
  const url = new URL(bank.pushedUrl(await push()))
  t.same([...url.searchParams.keys()], ['client_id', 'request_uri'])
  t.ok(codeOf(await visitor.visit(url.href)))
})
