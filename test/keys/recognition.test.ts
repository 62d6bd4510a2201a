import { SignJWT } from 'jose'
import t from 'tap'
import { numericDate } from '../../src/clock.ts'
import { createKeyDirectory } from '../../src/keys/directory.ts'
import { generateKey } from '../../src/keys/key-pair.ts'
import { createKeyRing } from '../../src/keys/key-ring.ts'
import { systemRandom as random } from '../../src/random.ts'
import { otherwiseSigned } from '../support/signed.ts'
import { aClock, aDirectory, aSigningKeyStore, day, start } from './memory.ts'

const issuer = 'https://as.example'
const iat = numericDate(start)
const claims = { iss: issuer, sub: 'alice', aud: 'https://api.example', iat, exp: iat + 600, jti: 'family.1' }

t.test('a key that is gone recognises what it signed, after a restart too, and verifies nothing', async (t) => {
  const clock = aClock()
  const store = aSigningKeyStore()
  const deps = {
    directory: createKeyDirectory({ path: await aDirectory(t), random }),
    store,
    clock,
    issuer,
    algorithms: ['ES256' as const],
  }
  const ring = await createKeyRing(deps)
  const tokens = [await ring.signer('RS256').sign('at+jwt', claims), await ring.signer('ES256').sign('at+jwt', claims)]
  const [kid] = [ring.signer('RS256').kid]
  for (const alg of ['RS256', 'ES256'] as const) await ring.rotate(alg, { emergency: true })
  clock.advance(90 * day)

  for (const one of [ring, await createKeyRing(deps)])
    for (const token of tokens) {
      t.match(await one.recognize(token, 'at+jwt'), { is: 'valid', claims: { jti: 'family.1' } })
      t.match(await one.recognize(token, 'at+jwt'), { is: 'valid' }, 'and again')
      t.match(await one.recognize(token, 'JWT'), { is: 'invalid' }, 'as what it is')
      const [header, , signature = ''] = token.split('.')
      const other = Buffer.from(JSON.stringify({ ...claims, jti: 'family.2' })).toString('base64url')
      t.match(await one.recognize(`${header}.${other}.${signature}`, 'at+jwt'), { is: 'invalid' }, 'unchanged')
      t.match(await one.recognize(otherwiseSigned(token), 'at+jwt'), { is: 'invalid' })
      const verified = await one.verify(token, { typ: 'at+jwt', now: start, requireUnexpired: false })
      t.match(verified, { is: 'invalid' }, 'but it is honoured nowhere')
    }

  const forged = new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid })
  const byAnother = await forged.sign(await generateKey('RS256'))
  t.match(await ring.recognize(byAnother, 'at+jwt'), { is: 'invalid' }, 'a name is not a key')
  const unknown = await ring.signer('RS256').sign('at+jwt', { ...claims, iss: 'https://other.example' })
  t.match(await ring.recognize(unknown, 'at+jwt'), { is: 'invalid' })
})
