import { get } from 'node:https'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import { signingAlgorithms } from '../../src/oauth/client.ts'
import { aTlsServer } from '../support/tls-server.ts'

t.test('jose verifies tokens of each algorithm with the published keys alone (RFC 9068 §4)', async (t) => {
  const server = await aTlsServer(t, { env: { SIGNING_ALGORITHMS: signingAlgorithms.join() } })
  const person = await server.aPerson()
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/.well-known/jwks.json`))
  const api = 'https://api.example'

  for (const algorithm of signingAlgorithms)
    await t.test(algorithm, async (t) => {
      const app = await server.anApp({
        resources: [api],
        access_token_signed_response_alg: algorithm,
        id_token_signed_response_alg: algorithm,
      })
      const tokens = await server.logIn(person, app)
      const issuer = server.issuer
      const algorithms = [algorithm]
      const access = await jwtVerify(tokens.access_token, keys, { issuer, audience: api, typ: 'at+jwt', algorithms })
      t.match(access.payload, { sub: person.id, client_id: app.client_id })
      const id = await jwtVerify(tokens.id_token, keys, { issuer, audience: app.client_id, typ: 'JWT', algorithms })
      t.match(id.payload, { sub: person.id, nonce: 'the nonce' })

      const others = signingAlgorithms.filter((other) => other !== algorithm)
      await t.rejects(jwtVerify(tokens.access_token, keys, { issuer, audience: api, algorithms: others }), {
        code: 'ERR_JOSE_ALG_NOT_ALLOWED',
      })
      await t.rejects(
        jwtVerify(tokens.id_token, keys, { issuer, audience: app.client_id, typ: 'at+jwt', algorithms }),
        { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'typ' },
        'an ID token is no access token',
      )
    })
})

t.test('nobody trusts the listener who was not told of its authority', async (t) => {
  const { issuer } = await aTlsServer(t)
  const answered = new Promise((resolve, reject) => get(`${issuer}/health/live`, resolve).on('error', reject))
  await t.rejects(answered, { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
})
