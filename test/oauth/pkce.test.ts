import t from 'tap'
import { checkChallenge, proves, requireChallenge } from '../../src/oauth/pkce.ts'
import { aClient } from '../support/clients.ts'

// RFC 7636 Appendix B
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
const invalid = { code: 'invalid_request' }

t.test('P1 a public client must use PKCE, whatever it registered (RFC 9700 §2.1.1)', async (t) => {
  const isPublic = { token_endpoint_auth_method: 'none' } as const
  t.throws(() => requireChallenge(aClient(isPublic), undefined), invalid)
  t.throws(() => requireChallenge(aClient({ ...isPublic, pkce: 'optional' }), undefined), invalid)
  t.doesNotThrow(() => requireChallenge(aClient(isPublic), challenge))
})

t.test('P1 a confidential one too, unless that was switched off; the error names the setting', async (t) => {
  t.throws(() => requireChallenge(aClient(), undefined), { ...invalid, description: /pkce=optional/ })
  t.doesNotThrow(() => requireChallenge(aClient({ pkce: 'optional' }), undefined))
})

t.test('P2 the method is S256 and nothing else', async (t) => {
  for (const method of ['plain', undefined, 's256', 'S512', ' S256'])
    t.throws(() => checkChallenge(challenge, method), invalid, String(method))
  t.throws(() => checkChallenge(undefined, 'S256'), invalid)
  t.equal(checkChallenge(challenge, 'S256'), challenge)
  t.equal(checkChallenge(undefined, undefined), undefined)
})

t.test('P3 neither half goes without the other (RFC 9700 §4.8.2)', async (t) => {
  t.notOk(proves(undefined, challenge))
  t.notOk(proves(verifier, undefined))
  t.ok(proves(undefined, undefined))
})

t.test('P3 the verifier is that of the challenge (RFC 7636 Appendix B)', async (t) => {
  t.ok(proves(verifier, challenge))
  t.notOk(proves(`${verifier}x`, challenge))
  t.notOk(proves(challenge, challenge), 'plain is not accepted by the back door')
  t.notOk(proves(verifier, 'short'), 'a damaged row does not crash')
})

t.test('P4 the forms of verifier and challenge (RFC 7636 §4.1, §4.2)', async (t) => {
  const long = 'a'.repeat(43)
  for (const bad of ['a'.repeat(42), 'a'.repeat(129), `${long}+`, `${long}/`, `${long} `, `${long}\n`, `${long}é`, ''])
    t.throws(() => proves(bad, challenge), invalid, JSON.stringify(bad.slice(40)))
  for (const good of [long, 'a'.repeat(128), `${long}-._~`]) t.doesNotThrow(() => proves(good, challenge))
  for (const bad of [
    challenge.slice(1),
    `${challenge}a`,
    `${challenge.slice(1)}=`,
    `${challenge.slice(1)}+`,
    `${challenge}\n`,
  ])
    t.throws(() => checkChallenge(bad, 'S256'), invalid, JSON.stringify(bad))
})
