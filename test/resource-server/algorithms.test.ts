import t from 'tap'
import { type Algorithm, protect } from '../../src/resource-server/index.ts'
import { mockIssuer } from '../../src/resource-server/testing/index.ts'

const publicUrl = 'https://api.example'
const algorithms: readonly Algorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA']

for (const algorithm of algorithms)
  t.test(`${algorithm} tokens pass unless others were asked for, bound or not (RFC 9068 §4)`, async (t) => {
    const issuer = await mockIssuer({ algorithm })
    t.teardown(() => issuer.close())
    const aGuard = (algorithms?: readonly Algorithm[]) =>
      protect({ issuer: issuer.issuer, audience: issuer.audience, revocations: 'off', algorithms, publicUrl })
    const token = await issuer.issue()
    t.equal((await aGuard().verify(token)).sub, 'alice')
    t.equal((await aGuard([algorithm]).verify(token)).sub, 'alice')
    const others = aGuard(algorithms.filter((other) => other !== algorithm))
    t.equal((await others.verify(token).catch((error) => error)).rule, 'alg')

    const [key, url] = [await issuer.proofKey(), `${publicUrl}/`]
    const bound = await issuer.issue({ cnf: { jkt: key.jkt } })
    const headers = await key.headers({ url, token: bound })
    t.equal((await aGuard().verify({ headers, url, method: 'GET' })).sub, 'alice')
    await issuer.rotateKeys({ withdraw: true })
    t.equal((await aGuard().verify(await issuer.issue())).sub, 'alice', 'and after a rotation')
  })
