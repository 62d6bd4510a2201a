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
