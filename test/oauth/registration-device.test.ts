import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { checkMetadata, InvalidMetadata } from '../../src/oauth/registration.ts'
import { deviceGrantName } from '../support/devices.ts'

const television = {
  client_name: 'Television',
  grant_types: [deviceGrantName, 'refresh_token'],
  scope: 'openid offline_access',
  token_endpoint_auth_method: 'none',
}
const mistakesOf = (metadata: object): readonly string[] => {
  try {
    checkMetadata(metadata)
    return []
  } catch (error) {
    if (!(error instanceof InvalidMetadata)) throw error
    return error.mistakes.map(({ field }) => field)
  }
}

t.test('RFC 8628: a device needs no redirect URI, and may have refresh tokens', async (t) => {
  t.same(mistakesOf(television), [])
  t.same(mistakesOf({ ...television, grant_types: [deviceGrantName], scope: 'openid' }), [])
})

t.test('what contradicts itself is named', async (t) => {
  t.same(
    mistakesOf({ ...television, grant_types: ['refresh_token'] }),
    ['grant_types'],
    'refreshes what nothing bought',
  )
  t.same(mistakesOf({ ...television, grant_types: [deviceGrantName] }), ['scope'], 'offline_access without refresh')
  t.same(mistakesOf({ ...television, grant_types: ['authorization_code', ...television.grant_types] }), [
    'redirect_uris',
  ])
  const cookie = { refresh_token_delivery: 'cookie', first_party: true, allowed_origins: ['https://tv.example'] }
  t.same(mistakesOf({ ...television, ...cookie }), ['refresh_token_delivery'])
})

t.test('RFC 9101 §10.5: who must sign its requests has no grant whose requests nobody signs', async (t) => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signing = {
    client_name: 'A bank',
    redirect_uris: ['https://bank.example/cb'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [publicKey.export({ format: 'jwk' })] },
  }
  const grant_types = ['authorization_code', deviceGrantName]
  for (const strict of [{ require_signed_request_object: true }, { profile: 'fapi2_message_signing' }]) {
    t.same(mistakesOf({ ...signing, ...strict }), [])
    t.same(mistakesOf({ ...signing, ...strict, grant_types }), ['grant_types'])
  }
  t.same(mistakesOf({ ...signing, grant_types, profile: 'fapi2' }), [], 'which asks for no signature')
})
